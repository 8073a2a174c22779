// A suite for node:test that uses the admin routes. `test_node_test.py` runs it, and says which of its tests must fail.

import assert from 'node:assert/strict'
import test from 'node:test'
import OpenAI from 'openai'
import { llemulator } from '../llemulator.mjs'

async function ask(session, content) {
  const client = new OpenAI({ apiKey: session.token, baseURL: session.baseURL })
  const answer = await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content }] })
  return answer.choices[0].message.content
}

test('gets what its script says', async (t) => {
  const session = await llemulator(t)
  await session.load(['one', 'two'])
  assert.deepEqual([await ask(session, 'a'), await ask(session, 'b')], ['one', 'two'])
  assert.deepEqual((await session.requests()).map((request) => request.user_text), ['a', 'b'])
  await session.verify({ order: ['a', 'b'], expectations: [{ match: 'a', count: 1 }] })
})

test('has a session of its own', async (t) => {
  const session = await llemulator(t)
  await session.load('responses: {hello: Hi}')
  assert.equal(await ask(session, 'hello there'), 'Hi')
  assert.equal((await session.requests()).length, 1)
})

test('fails where a rule was not used', async (t) => {
  const session = await llemulator(t)
  await session.load(['one', 'two'])
  await ask(session, 'a')
})

test('fails with what is wrong in its script', async (t) => {
  const session = await llemulator(t)
  await session.load({ rulez: [] })
})

test('is judged by how its client behaves, where it wants to', async (t) => {
  const session = await llemulator(t, { ignore: [] })
  await session.load({ rules: [{ reply: { failure: { status: 500 } }, times: 3 }] })
  await assert.rejects(ask(session, 'a'), OpenAI.InternalServerError)
})
