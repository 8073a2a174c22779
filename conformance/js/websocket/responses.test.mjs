// Responses over WebSocket with the SDK's own class, which uses the package `ws`.
//
// `ws` reads no proxy variable, so that a program gives it an agent; below `llemulator run` it needs none.

import assert from 'node:assert/strict'
import test from 'node:test'
import { HttpsProxyAgent } from 'https-proxy-agent'
import OpenAI from 'openai'
import { ResponsesWS } from 'openai/resources/responses/ws'
import { llemulator } from '../llemulator.mjs'

const TOOL = {
  type: 'function', name: 'weather', strict: true,
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
}
const LAST = ['response.completed', 'response.failed', 'response.incomplete']

function connect(session, options = {}) {
  const agent = process.env.HTTPS_PROXY ? { agent: new HttpsProxyAgent(process.env.HTTPS_PROXY) } : {}
  return new ResponsesWS(new OpenAI({ apiKey: session.token }), { ...agent, ...options })
}

// Asks for a response; resolves with its events, or rejects with the SDK's error.
function ask(connection, body) {
  return new Promise((resolve, reject) => {
    const events = []
    const hear = (event) => {
      events.push(event)
      if (LAST.includes(event.type)) end(resolve, events)
    }
    const fail = (error) => end(reject, error)
    const end = (settle, value) => {
      connection.off('event', hear)
      connection.off('error', fail)
      settle(value)
    }
    connection.on('event', hear)
    connection.on('error', fail)
    connection.send({ type: 'response.create', model: 'gpt-5.4', ...body })
  })
}

const said = (events) => events.filter(({ type }) => type === 'response.output_text.delta').map(({ delta }) => delta).join('')

test('a turn with a tool on one connection, without storing', async (t) => {
  const session = await llemulator(t)
  await session.load({
    rules: [
      { match: { tool_result: { name: 'weather', pattern: 'rain' } }, reply: { text: 'Take an umbrella.' } },
      { match: { user_text: 'weather' }, reply: { tool_calls: [{ name: 'weather', arguments: { city: 'Oslo' } }] } },
    ],
  })
  const connection = connect(session)
  const called = (await ask(connection, { input: 'weather?', tools: [TOOL], store: false })).at(-1).response
  const [call] = called.output
  const answer = await ask(connection, {
    previous_response_id: called.id, store: false, tools: [TOOL],
    input: [{ type: 'function_call_output', call_id: call.call_id, output: 'rain' }],
  })
  connection.close()

  assert.deepEqual(JSON.parse(call.arguments), { city: 'Oslo' })
  assert.equal(said(answer), 'Take an umbrella.')
})

test('a refusal is an error with its status, and the connection goes on', async (t) => {
  const session = await llemulator(t)
  await session.load({
    rules: [
      { match: { user_text: 'often' }, reply: { failure: { status: 429, message: 'Slow down.' } } },
      { match: { user_text: 'Hello' }, reply: 'Hi there' },
    ],
  })
  const connection = connect(session)
  const error = await ask(connection, { input: 'too often' }).catch((error) => error)
  const answer = await ask(connection, { input: 'Hello' })
  connection.close()

  assert.match(String(error.message), /Slow down\./)
  assert.equal(said(answer), 'Hi there')
})

for (const code of [1001, 1011, 1012, 1013]) {
  test(`after the close code ${code} the SDK connects again, and verify finds nothing`, async (t) => {
    const session = await llemulator(t, { ignore: [] })
    await session.load({
      rules: [
        { reply: 'one two', times: 1, faults: [{ cut_after: { sends: 1, how: 'goaway', close_code: code } }] },
        { reply: 'Hi there' },
      ],
    })
    const connection = connect(session, { reconnect: { onReconnecting() {} } })
    const again = new Promise((resolve) => connection.once('reconnecting', resolve))
    connection.send({ type: 'response.create', model: 'gpt-5.4', input: 'Hello' })
    assert.equal((await again).closeCode ?? (await again).code, code)
    const answer = await ask(connection, { input: 'Hello' })
    connection.close()

    assert.equal(said(answer), 'Hi there')
    const handshakes = (await session.requests()).filter(({ status }) => status === 101)
    assert.equal(handshakes.length, 2)
  })
}

test('after the close code 1008 the SDK does not connect again', async (t) => {
  const session = await llemulator(t)
  await session.load({
    rules: [{ reply: 'one two', faults: [{ cut_after: { sends: 1, how: 'goaway', close_code: 1008 } }] }],
  })
  const connection = connect(session, { reconnect: { onReconnecting() {} } })
  const closed = new Promise((resolve) => connection.on('close', (...args) => resolve(args)))
  connection.on('error', () => {})
  connection.send({ type: 'response.create', model: 'gpt-5.4', input: 'Hello' })
  const args = await closed

  assert.ok(JSON.stringify(args).includes('1008'), JSON.stringify(args))
  assert.equal((await session.requests()).filter(({ status }) => status === 101).length, 1)
})
