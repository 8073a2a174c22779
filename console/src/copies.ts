// An exchange as something to paste elsewhere. The key is never known here: each copy reads it from the environment.
import { saidIn } from "./answers";
import { isObject } from "./json";
import { stringify } from "./yaml";
import type { Full, StreamEvent } from "./types";

const NOT_COPIED = new Set([
  "host", "content-length", "connection", "authorization", "api-key", "accept-encoding", "transfer-encoding",
  "user-agent", "accept", "sec-fetch-mode", "accept-language", "proxy-connection",
]);

function isOfSdk(name: string): boolean {
  return name.startsWith("x-stainless-");
}

function headersOf(full: Full): [string, string][] {
  return Object.entries(full.request.headers).filter(
    ([name, value]) => !NOT_COPIED.has(name) && !isOfSdk(name) && value !== "***",
  );
}

function urlOf(full: Full): string {
  const query = full.request.query.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
  return `${full.path}${query ? `?${query}` : ""}`;
}

function bodyOf(full: Full): string | null {
  const { body } = full.request;
  return body === null || body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body, null, 2);
}

export function toCurl(full: Full): string {
  const parts = [`curl ${full.method === "GET" ? "" : `-X ${full.method} `}"$OPENAI_BASE_URL${urlOf(full).replace(/^\/v1/, "")}"`];
  parts.push(`-H "Authorization: Bearer $OPENAI_API_KEY"`);
  for (const [name, value] of headersOf(full)) parts.push(`-H ${quoteForShell(`${name}: ${value}`)}`);
  const body = bodyOf(full);
  if (body !== null) parts.push(`-d ${quoteForShell(body)}`);
  return parts.join(" \\\n  ");
}

function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const CALLS: Record<string, string> = {
  "chat.completions": "chat.completions.create",
  responses: "responses.create",
  embeddings: "embeddings.create",
  completions: "completions.create",
  moderations: "moderations.create",
};

function argumentsOf(full: Full): Record<string, unknown> | null {
  const { body } = full.request;
  return body !== null && typeof body === "object" && !Array.isArray(body) ? (body as Record<string, unknown>) : null;
}

export function toPython(full: Full): string {
  const call = CALLS[full.endpoint ?? ""];
  const given = argumentsOf(full);
  const head = "from openai import OpenAI\n\nclient = OpenAI()\n\n";
  if (!call || !given) {
    const body = given ? `, body=${spellPython(given, 0)}, cast_to=object` : ", cast_to=object";
    return `${head}answer = client.${full.method.toLowerCase()}("${urlOf(full).replace(/^\/v1/, "")}"${body})\nprint(answer)\n`;
  }
  const args = Object.entries(given).map(([name, value]) => `    ${name}=${spellPython(value, 1)},\n`);
  const tail = given.stream === true ? "for event in answer:\n    print(event)\n" : "print(answer)\n";
  return `${head}answer = client.${call}(\n${args.join("")})\n${tail}`;
}

function spellPython(value: unknown, depth: number): string {
  const pad = "    ".repeat(depth + 1);
  const end = "    ".repeat(depth);
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value))
    return value.length ? `[\n${value.map((each) => `${pad}${spellPython(each, depth + 1)},\n`).join("")}${end}]` : "[]";
  if (typeof value === "object") {
    const pairs = Object.entries(value);
    const lines = pairs.map(([key, each]) => `${pad}${JSON.stringify(key)}: ${spellPython(each, depth + 1)},\n`);
    return lines.length ? `{\n${lines.join("")}${end}}` : "{}";
  }
  return JSON.stringify(value);
}

export function toNode(full: Full): string {
  const call = CALLS[full.endpoint ?? ""];
  const given = argumentsOf(full);
  const head = 'import OpenAI from "openai";\n\nconst client = new OpenAI();\n\n';
  if (!call || !given) {
    const body = given ? `, { body: ${JSON.stringify(given, null, 2)} }` : "";
    return `${head}console.log(await client.${full.method.toLowerCase()}("${urlOf(full).replace(/^\/v1/, "")}"${body}));\n`;
  }
  const tail = given.stream === true ? "for await (const event of answer) console.log(event);\n" : "console.log(answer);\n";
  return `${head}const answer = await client.${call}(${JSON.stringify(given, null, 2)});\n${tail}`;
}

export function toHar(full: Full): string {
  const pairs = (headers: Record<string, string>) => Object.entries(headers).map(([name, value]) => ({ name, value }));
  const body = bodyOf(full);
  const answer = answerText(full);
  const ending = full.ending as { seconds: number } | null;
  const answerHeaders = (full.answer.headers ?? {}) as Record<string, string>;
  const wait = Number(full.answer.wait_before_head ?? 0) * 1000;
  const receive = (ending?.seconds ?? 0) * 1000;
  const entry = {
    startedDateTime: new Date(full.at * 1000).toISOString(),
    time: wait + receive,
    request: {
      method: full.method,
      url: `https://${full.host}${urlOf(full)}`,
      httpVersion: String(full.connection.http_version ?? "HTTP/1.1"),
      cookies: [],
      headers: pairs(full.request.headers),
      queryString: full.request.query.map(([name = "", value = ""]) => ({ name, value })),
      headersSize: -1,
      bodySize: full.request.body_bytes,
      ...(body === null ? {} : { postData: { mimeType: full.request.headers["content-type"] ?? "", text: body } }),
    },
    response: {
      status: full.status,
      statusText: "",
      httpVersion: String(full.connection.http_version ?? "HTTP/1.1"),
      cookies: [],
      headers: pairs(answerHeaders),
      content: { size: answer.length, mimeType: answerHeaders["content-type"] ?? "", text: answer },
      redirectURL: "",
      headersSize: -1,
      bodySize: answer.length,
    },
    cache: {},
    timings: { send: 0, wait, receive },
  };
  return JSON.stringify({ log: { version: "1.2", creator: { name: "llemulator", version: "" }, entries: [entry] } }, null, 2);
}

/** The answer as text: its body, or its events as they were sent. */
export function answerText(full: Full): string {
  const events = full.answer.events as StreamEvent[] | undefined;
  if (events)
    return events
      .map(({ event, value }) => {
        const data = typeof value === "string" ? value : JSON.stringify(value);
        return `${event ? `event: ${event}\n` : ""}data: ${data}\n\n`;
      })
      .join("");
  const { body } = full.answer;
  return body === null || body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body, null, 2);
}

/** A rule for a request that none answered: it matches the request, and its reply is to be written. */
/** Arguments are an object in a script, or a text that is sent as it is. */
function readArguments(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : text;
  } catch {
    return text;
  }
}

/** A rule for the request, with the words and calls that answered it, or with an answer to be written. */
export function draftRule(full: Full): string {
  const match: Record<string, unknown> = full.endpoint ? { endpoint: full.endpoint } : { path: full.path };
  if (full.user_text) match.text = full.user_text;
  const { text, calls } = saidIn(full.unmatched === null ? full : { answer: {} as Full["answer"] });
  const reply = {
    ...(text || !calls.length ? { text: text || "Write the answer here." } : {}),
    ...(calls.length ? { tool_calls: calls.map(({ name, arguments: written }) => ({ name, arguments: readArguments(written) })) } : {}),
  };
  return stringify({ rules: [{ name: `request ${full.number}`, match, reply }] });
}
