// Vectors as the SDK asks for them, and lists that it follows from page to page.

import assert from "node:assert/strict";
import test from "node:test";
import { all, talking } from "./sdk.mjs";

const user = (content) => ({ role: "user", content });
const texts = ["0", "1", "2", "3", "4"];
const echo = { defaults: { on_unmatched: "echo" } };

test("vectors that come as base64, unasked, are those that come as numbers", async (t) => {
  const { client } = await talking(t, echo);
  const asked = { model: "text-embedding-3-small", input: ["a cat", "interest rates"], dimensions: 8 };

  const unasked = await client.embeddings.create(asked);
  const numbers = await client.embeddings.create({ ...asked, encoding_format: "float" });
  const base64 = await client.embeddings.create({ ...asked, encoding_format: "base64" });

  for (const [at, { embedding }] of unasked.data.entries()) {
    assert.equal(embedding.length, 8);
    near(embedding, numbers.data[at].embedding);
    near(embedding, floats(base64.data[at].embedding));
    near([Math.hypot(...embedding)], [1]);
  }
  assert.equal((await client.embeddings.create({ ...asked, dimensions: undefined })).data[0].embedding.length, 1536);
});

function floats(base64) {
  const bytes = Buffer.from(base64, "base64");
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at));
}

function near(some, others) {
  assert.equal(some.length, others.length);
  for (const [at, one] of some.entries()) assert.ok(Math.abs(one - others[at]) < 1e-6, `${one} ${others[at]}`);
}

test("stored completions are listed to the end, page by page", async (t) => {
  const { client } = await talking(t, echo);
  const made = [];
  for (const text of texts) {
    made.push((await client.chat.completions.create({ model: "gpt-4o", store: true, messages: [user(text)] })).id);
  }

  const listed = (await all(client.chat.completions.list({ limit: 2 }))).map(({ id }) => id);
  const first = await client.chat.completions.list({ limit: 2 });
  const second = await first.getNextPage();

  assert.deepEqual(listed, made);
  assert.deepEqual([first.hasNextPage(), second.data.map(({ id }) => id)], [true, made.slice(2, 4)]);
  assert.equal((await second.getNextPage()).hasNextPage(), false);
});

test("a stored completion is read, changed, read with its messages, and deleted", async (t) => {
  const { client } = await talking(t, echo);
  const messages = [{ role: "system", content: "Be brief." }, ...texts.map(user)];
  const { id } = await client.chat.completions.create({ model: "gpt-4o", store: true, messages });

  const changed = await client.chat.completions.update(id, { metadata: { a: "b" } });
  const read = await client.chat.completions.retrieve(id);
  const said = await all(client.chat.completions.messages.list(id, { limit: 2 }));

  assert.deepEqual([changed.metadata, read.metadata], [{ a: "b" }, { a: "b" }]);
  assert.deepEqual(said.map(({ content }) => content), ["Be brief.", ...texts]);
  assert.equal((await client.chat.completions.delete(id)).deleted, true);
  await assert.rejects(client.chat.completions.retrieve(id), { status: 404 });
});

test("input items of a response are listed to the end, in both orders", async (t) => {
  const { client } = await talking(t, echo);
  const { id } = await client.responses.create({ model: "gpt-4o", input: texts.map(user) });

  const spoken = async (order) => (await all(client.responses.inputItems.list(id, { limit: 2, order }))).map(textOf);

  assert.deepEqual(await spoken("asc"), texts);
  assert.deepEqual(await spoken("desc"), texts.toReversed());
});

test("items of a conversation are added, listed to the end, read and deleted", async (t) => {
  const { client } = await talking(t, echo);
  const { id: conversation_id } = await client.conversations.create({ items: [user("0")] });

  await client.conversations.items.create(conversation_id, { items: texts.slice(1).map(user) });
  await client.responses.create({ model: "gpt-4o", conversation: conversation_id, input: "5" });
  const items = await all(client.conversations.items.list(conversation_id, { limit: 2, order: "asc" }));
  const one = await client.conversations.items.retrieve(items[3].id, { conversation_id });
  await client.conversations.items.delete(items[3].id, { conversation_id });
  const left = await all(client.conversations.items.list(conversation_id, { limit: 3, order: "asc" }));

  assert.deepEqual(items.map(textOf), [...texts, "5", "5"]);
  assert.deepEqual(items.map(({ role }) => role), [...Array(6).fill("user"), "assistant"]);
  assert.deepEqual([textOf(one), left.map(textOf)], ["3", ["0", "1", "2", "4", "5", "5"]]);
});

function textOf(item) {
  return item.content[0].text;
}

test("models are listed, and read one by one", async (t) => {
  const { client } = await talking(t, { models: ["gpt-4o", "mine"] });

  assert.deepEqual((await all(client.models.list())).map(({ id }) => id), ["gpt-4o", "mine"]);
  assert.equal((await client.models.retrieve("mine")).object, "model");
  await assert.rejects(client.models.retrieve("theirs"), { status: 404 });
});

test("moderations of texts and images come in the order of their input", async (t) => {
  const { client } = await talking(t, echo);
  const image = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };

  const several = await client.moderations.create({ input: ["a nice day", "I will kill you"] });
  const mixed = await client.moderations.create({ model: "omni-moderation-latest", input: [{ type: "text", text: "hi" }, image] });

  assert.deepEqual(several.results.map(({ flagged }) => flagged), [false, true]);
  assert.deepEqual(mixed.results[0].category_applied_input_types.violence, ["text", "image"]);
});
