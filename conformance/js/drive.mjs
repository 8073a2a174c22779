// OpenAI's official JavaScript SDK, unmodified, plays the cases against a running llemulator.
//
//     LLEMULATOR=http://127.0.0.1:8080 node drive.mjs [WORD]
//     EMULATOR_URL=http://127.0.0.1:8080 npm test            by base URL; ends with 1 if there is a problem
//
// The environment leads the SDK there, as it would a user's program: HTTPS_PROXY with NODE_USE_ENV_PROXY and
// NODE_EXTRA_CA_CERTS, or OPENAI_BASE_URL. Prints one JSON object a line for each case whose name has WORD in it:
// its name and its problems, of which there should be none.

import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import OpenAI from "openai";
import { parse } from "yaml";
import { differences } from "./expect.mjs";

const server = process.env.LLEMULATOR ?? process.env.EMULATOR_URL ?? "http://localhost:8080";
if (!process.env.LLEMULATOR) process.env.OPENAI_BASE_URL ??= `${server}/v1`;
const word = process.argv[2] ?? "";
const folder = new URL("../cases/", import.meta.url);

for (const file of readdirSync(folder).filter((name) => name.endsWith(".yaml")).sort()) {
  for (const one of parse(readFileSync(new URL(file, folder), "utf8"))) {
    if (!one.name.includes(word)) continue;
    const problems = await play(one).catch((error) => [String(error.stack)]);
    if (problems.length && !process.env.LLEMULATOR) process.exitCode = 1;
    console.log(JSON.stringify({ name: one.name, problems }));
  }
}

async function play(one) {
  if (one.together) return await playTogether(one.together);
  const key = newKey();
  const problems = await load(one, key);
  const ids = [];
  for (const [number, call] of (one.calls ?? []).flatMap((call) => Array(call.times ?? 1).fill(call)).entries()) {
    const seen = await make(call, key);
    problems.push(...judge(call, seen).map((line) => `call ${number}, ${line}`));
    ids.push(...idOf(call, seen));
  }
  if (new Set(ids).size !== ids.length) problems.push(`ids: expected each once, got ${ids}`);
  return problems;
}

function newKey() {
  return `sk-${randomBytes(8).toString("hex")}`;
}

// The script

async function load(one, key) {
  if (one.yaml === undefined && one.script === undefined) return [];
  const [type, text] = one.yaml === undefined ? ["application/json", JSON.stringify(one.script)] : ["application/yaml", one.yaml];
  const answer = await post(key, type, text);
  if (!one.refused) return answer.status === 200 ? [] : [`script: ${answer.status} ${answer.text}`];
  return [
    ...differences(one.refused.status, answer.status, "script: status"),
    ...differences({ error: one.refused.error ?? {} }, JSON.parse(answer.text), "script"),
  ];
}

/** Straight to the server: node:http with an agent of its own does not ask the environment for a proxy. */
function post(key, type, text) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": type, "content-length": Buffer.byteLength(text) };
    const asking = request(new URL("/_emulator/script", server), { method: "POST", headers, agent: false }, async (answer) => {
      resolve({ status: answer.statusCode, text: Buffer.concat(await collected(answer)).toString() });
    });
    asking.on("error", reject);
    asking.end(text);
  });
}

// One call

async function make(call, key) {
  let retries = 0;
  const say = (line) => (retries += /\bretrying, \d+ attempts? remaining/.test(line) ? 1 : 0);
  const logger = { error() {}, warn() {}, info: say, debug() {} };
  const client = new OpenAI({ apiKey: key, logger, logLevel: "info" });
  try {
    return { ...(await answerOf(call, client)), retries };
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    return { error, requestId: error.requestID, retries };
  }
}

async function answerOf(call, client) {
  const params = call.ask === undefined ? call.params : { model: "gpt-4", messages: [{ role: "user", content: call.ask }], ...call.params };
  const names = call.op === undefined ? ["chat", "completions", "create"] : call.op.split(".").map(camel);
  const owner = names.slice(0, -1).reduce((part, name) => part[name], client);
  const options = call.key === "absent" ? [{ headers: { Authorization: null } }] : [];
  const given = [...(call.path ?? []), ...(params === undefined ? [] : [params]), ...options];
  const answer = await owner[names.at(-1)](...given);
  if (call.params?.stream) return { answer: (await collected(answer)).map(wire), streamed: true };
  return { answer: names.at(-1) === "list" ? { object: answer.object, data: wire(answer.data) } : wire(answer), requestId: answer?._request_id };
}

async function collected(pieces) {
  const all = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

function camel(name) {
  return name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
}

function wire(answer) {
  return JSON.parse(JSON.stringify(answer ?? null));
}

// What it must come to

function judge(call, seen) {
  return [
    ...differences(call.retries ?? 0, seen.retries, "retries"),
    ...judgeRequestId(call, seen),
    ...(call.error || seen.error ? judgeError(call.error, seen) : judgeAnswer(call, seen)),
  ];
}

function judgeRequestId(call, seen) {
  if (seen.streamed || ["get", "post"].includes(call.op) || call.op?.endsWith(".list")) return [];
  return differences({ $search: "^req_[0-9a-f]{32}$" }, seen.requestId, "request id");
}

function judgeError(expected, seen) {
  if (!seen.error) return [`answer: expected an error, got ${JSON.stringify(seen.answer)}`];
  if (!expected) return [`answer: expected none, got ${seen.error.constructor.name}: ${seen.error.message}`];
  const body = seen.error.error ?? {};
  return [
    ...differences(expected.class.js ?? expected.class, seen.error.constructor.name, "error class"),
    ...["status", "code", "param", "type"]
      .filter((name) => name in expected)
      .flatMap((name) => differences(expected[name], seen.error[name], name)),
    ...("message" in expected ? differences(expected.message, body.message, "message") : []),
  ];
}

function judgeAnswer(call, seen) {
  const says = typeof call.says === "string" ? [call.says] : call.says;
  return [
    ...(says ? differences(says, texts(seen.answer), "text") : []),
    ...("answer" in call ? differences(call.answer, seen.answer) : []),
    ...(call.stream ? judgeStream(call.stream, seen.answer) : []),
  ];
}

function judgeStream(expected, pieces) {
  const same = Object.fromEntries((expected.same ?? []).map((path) => [path, pieces[0][path]]));
  return [
    ...differences(expected.first ?? {}, pieces[0], "first piece"),
    ...differences(expected.last ?? {}, pieces.at(-1), "last piece"),
    ...differences({ $each: expected.each ?? {} }, pieces, "pieces"),
    ...differences({ $each: same }, pieces, "same in all pieces"),
    ...differences({ $above: expected.more_than ?? 0 }, pieces.length, "number of pieces"),
  ];
}

function idOf(call, seen) {
  const answer = seen.streamed ? seen.answer[0] : seen.answer;
  return (call.op ?? ".create").endsWith(".create") && answer?.id !== undefined ? [answer.id] : [];
}

/** The text of each choice, whole or put together from deltas. */
function texts(answer) {
  const choices = [];
  for (const choice of [answer].flat().flatMap((piece) => piece.choices ?? [])) {
    const text = (choice.message ?? choice.delta)?.content ?? choice.text ?? "";
    choices[choice.index] = (choices[choice.index] ?? "") + text;
  }
  return choices;
}

// Many tokens at once

async function playTogether({ tokens, requests, at_once: atOnce }) {
  const expected = Array.from({ length: tokens }, (_, token) =>
    Array.from({ length: requests }, (_, number) => `token ${token}, answer ${number}`),
  );
  const keys = expected.map(newKey);
  const loads = await Promise.all(keys.map((key, token) => load({ script: { responses: expected[token] } }, key)));
  const seen = await Promise.all(
    keys.map(async (apiKey) => {
      const client = new OpenAI({ apiKey });
      const ask = async (number) =>
        texts((await answerOf({ ask: `request ${number}`, params: { stream: number % 2 === 1 } }, client)).answer)[0];
      if (atOnce) return (await Promise.all(Array.from({ length: requests }, (_, number) => ask(number)))).sort();
      const answers = [];
      for (let number = 0; number < requests; number++) answers.push(await ask(number));
      return answers;
    }),
  );
  return [...loads.flat(), ...differences(atOnce ? expected.map((answers) => answers.toSorted()) : expected, seen)];
}
