// Which error of the SDK a failure becomes, and how often the SDK tries before it.

import assert from "node:assert/strict";
import test from "node:test";
import { OpenAI, talking } from "./sdk.mjs";

const ASKS = {
  chat: (client) => client.chat.completions.create({ model: "gpt-4o", messages: [{ role: "user", content: "Hi" }] }),
  "a stream of chat": (client) => client.chat.completions.stream({ model: "gpt-4o", messages: [{ role: "user", content: "Hi" }] }).done(),
  responses: (client) => client.responses.create({ model: "gpt-4o", input: "Hi" }),
};

// The status, the class, and how many requests are made; headers that the failure carries.
const FAILURES = [
  [400, "BadRequestError", 1],
  [401, "AuthenticationError", 1],
  [403, "PermissionDeniedError", 1],
  [404, "NotFoundError", 1],
  [405, "APIError", 1],
  [408, "APIError", 3],
  [409, "ConflictError", 3],
  [413, "APIError", 1],
  [415, "APIError", 1],
  [422, "UnprocessableEntityError", 1],
  [429, "RateLimitError", 3],
  [500, "InternalServerError", 3],
  [502, "InternalServerError", 3],
  [503, "InternalServerError", 3],
  [529, "InternalServerError", 3],
  [400, "BadRequestError", 3, { "x-should-retry": "true" }],
  [429, "RateLimitError", 1, { "x-should-retry": "false" }],
  [500, "InternalServerError", 1, { "x-should-retry": "false" }],
];

for (const [status, named, requests, headers = {}] of FAILURES) {
  for (const [what, ask] of Object.entries(ASKS)) {
    test(`${status} ${JSON.stringify(headers)} of ${what} is ${named} after ${requests}`, async (t) => {
      const failure = { status, code: "a_code", param: "a_param", message: "Why.", headers: { ...soon, ...headers } };
      const { client, session } = await talking(t, { rules: [{ reply: { failure } }] });

      const error = await ask(client).catch((thrown) => thrown);

      assert.equal(error.constructor.name, named);
      assert.ok(error instanceof OpenAI.APIError);
      assert.deepEqual([error.status, error.code, error.param], [status, "a_code", "a_param"]);
      assert.match(error.requestID, /^req_[0-9a-f]{32}$/);
      assert.deepEqual(await retries(session), Array.from({ length: requests }, (_, count) => count));
    });
  }
}

test("who is told when to come back waits so long, and no longer", async (t) => {
  const failing = [{ "retry-after-ms": "40" }, { "retry-after": "0.04" }].map((headers) => ({
    reply: { failure: { status: 429, headers } },
    times: 1,
  }));
  const { client, session } = await talking(t, { rules: [...failing, { reply: "Hello" }] });

  const answer = await ASKS.chat(client);

  assert.equal(answer.choices[0].message.content, "Hello");
  // It looks at each wait: none was shorter than it was told to be.
  await session.verify();
  assert.deepEqual(await retries(session), [0, 1, 2]);
});

test("who is told nothing backs off by itself, and comes back twice", async (t) => {
  const { client, session } = await talking(t, { rules: [{ reply: { failure: { status: 500 } } }] });

  await assert.rejects(ASKS.responses(client), OpenAI.InternalServerError);

  await session.verify();
  assert.deepEqual(await retries(session), [0, 1, 2]);
});

test("maxRetries is obeyed", async (t) => {
  const { client, session } = await talking(t, { rules: [{ reply: { failure: { status: 429 } } }] }, { maxRetries: 0 });

  await assert.rejects(ASKS.chat(client), OpenAI.RateLimitError);

  assert.deepEqual(await retries(session), [0]);
});

test("an unknown model is told as each endpoint tells it", async (t) => {
  const { client } = await talking(t, { models: ["gpt-4o"] }, { maxRetries: 0 });

  await assert.rejects(client.chat.completions.create({ model: "gpt-0", messages: [{ role: "user", content: "Hi" }] }), {
    status: 404,
    code: "model_not_found",
    param: null,
  });
  await assert.rejects(client.responses.create({ model: "gpt-0", input: "Hi" }), {
    status: 400,
    code: "model_not_found",
    param: "model",
  });
});

/** Lets a client that tries again do so at once. */
const soon = { "retry-after-ms": "1" };

/** What each request said of how often it was tried before. */
async function retries(session) {
  return (await session.requests()).map(({ request }) => Number(request.headers["x-stainless-retry-count"]));
}
