// Uses OpenAI's JavaScript SDK as an application would: a question a line in, what came of it a line out.
// Questions are those of conformance/faults/clients.py. The environment leads the SDK to the server.

import { createInterface } from "node:readline";
import OpenAI from "openai";

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await asked(JSON.parse(line))));
}
process.exit(0);

async function asked({ token, endpoint, stream, body, timeout_s, retries, patience_s }) {
  const client = new OpenAI({ apiKey: token, timeout: timeout_s * 1000, maxRetries: retries, logLevel: "off" });
  const resource = endpoint === "responses" ? client.responses : client.chat.completions;
  let text = "";
  try {
    // The SDK's timeout is one for the head of a stream: the rest is waited for by whoever reads it.
    const answer = await resource.create(body, stream ? { signal: AbortSignal.timeout(patience_s * 1000) } : {});
    if (stream) for await (const event of answer) text += delta(event);
    else text = answer.choices ? answer.choices[0].message.content : answer.output_text;
  } catch (error) {
    return { text, raises: named(error), status: error.status ?? null };
  }
  return { text, raises: null, status: null };
}

function delta(event) {
  if (event.choices) return event.choices.map((choice) => choice.delta.content ?? "").join("");
  return event.type === "response.output_text.delta" ? event.delta : "";
}

function named(error) {
  const name = error.constructor.name;
  if (error.status !== undefined || error.cause === undefined) return name;
  const inner = error.cause.cause ?? error.cause;
  return `${name}: ${inner.code ?? inner.constructor.name}`;
}
