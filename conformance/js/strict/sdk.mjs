// The SDK that OPENAI_SDK names, led by the environment as a user's program is; for each test a client with a session.

import { llemulator } from "../llemulator.mjs";

/** Its package. */
export const name = process.env.OPENAI_SDK ?? "openai";

export const { default: OpenAI } = await import(name);
export const zod = await import(`${name}/helpers/zod`);

/** Begins a session, loads a script into it, and returns a client of that session. */
export async function talking(t, script, options = {}) {
  const session = await llemulator(t);
  await session.load(script);
  return { session, client: new OpenAI({ apiKey: session.token, logLevel: "off", ...options }) };
}

/** A script of one rule for each reply, in this order. */
export function replies(...list) {
  return { rules: list.map((reply) => ({ reply, times: 1 })) };
}

export async function all(items) {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}

/** How a session's only request ended; that a client went is seen a moment later. */
export async function endingOf(session) {
  for (let tries = 0; tries < 4_000; tries++) {
    const [request] = await session.requests();
    if (request.ending !== null) return request.ending.how;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
