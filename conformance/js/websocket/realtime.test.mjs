// Realtime over WebSocket with the SDK's own class, which uses the package `ws`: in text and aloud.
//
// `ws` reads no proxy variable, so that a program gives it an agent; below `llemulator run` it needs none.

import assert from 'node:assert/strict'
import test from 'node:test'
import { HttpsProxyAgent } from 'https-proxy-agent'
import OpenAI from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import { llemulator } from '../llemulator.mjs'

const TOOL = {
  type: 'function', name: 'weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const PIECE = 9600

function connect(session) {
  const options = process.env.HTTPS_PROXY ? { agent: new HttpsProxyAgent(process.env.HTTPS_PROXY) } : {}
  const connection = new OpenAIRealtimeWS({ model: 'gpt-realtime', options }, new OpenAI({ apiKey: session.token }))
  const events = []
  let wake = () => {}
  connection.on('event', (event) => {
    events.push(event)
    wake()
  })
  connection.on('error', () => {})
  // Resolves with the events up to the next one of a type.
  const until = async (type) => {
    for (;;) {
      const at = events.findIndex((event) => event.type === type)
      if (at >= 0) return events.splice(0, at + 1)
      await new Promise((resolve) => { wake = resolve })
    }
  }
  return { connection, until }
}

const say = (connection, text) => connection.send({
  type: 'conversation.item.create',
  item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
})

test('a turn in text with a tool and its result', async (t) => {
  const session = await llemulator(t)
  await session.load({
    rules: [
      { match: { tool_result: { name: 'weather', pattern: 'rain' } }, reply: 'Take an umbrella.' },
      { match: { user_text: 'weather' }, reply: { tool_calls: [{ name: 'weather', arguments: { city: 'Oslo' } }] } },
    ],
  })
  const { connection, until } = connect(session)
  await until('session.created')
  connection.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'], tools: [TOOL] } })
  say(connection, 'the weather?')
  connection.send({ type: 'response.create' })
  const [call] = (await until('response.done')).at(-1).response.output
  connection.send({
    type: 'conversation.item.create',
    item: { type: 'function_call_output', call_id: call.call_id, output: 'rain' },
  })
  connection.send({ type: 'response.create' })
  const answer = await until('response.done')
  connection.close()

  assert.deepEqual(JSON.parse(call.arguments), { city: 'Oslo' })
  const deltas = answer.filter(({ type }) => type === 'response.output_text.delta').map(({ delta }) => delta)
  assert.equal(deltas.join(''), 'Take an umbrella.')
})

test('what is said aloud is heard, transcribed and answered aloud', async (t) => {
  const session = await llemulator(t)
  await session.load({
    rules: [
      { match: { endpoint: 'realtime.transcription' }, reply: { transcript: 'What is the weather?' } },
      { match: { transcript: 'weather' }, reply: { audio: { transcript: 'It rains.', seconds: 1 } } },
    ],
  })
  const { connection, until } = connect(session)
  await until('session.created')
  connection.send({
    type: 'session.update',
    session: { type: 'realtime', audio: { input: { transcription: { model: 'gpt-4o-transcribe' } } } },
  })
  const sound = Buffer.concat([Buffer.alloc(24000, Buffer.from([0, 32, 0, 224])), Buffer.alloc(48000)])
  for (let at = 0; at < sound.length; at += PIECE) {
    connection.send({ type: 'input_audio_buffer.append', audio: sound.subarray(at, at + PIECE).toString('base64') })
  }
  const events = await until('response.done')
  connection.close()

  const heard = events.find(({ type }) => type === 'conversation.item.input_audio_transcription.completed')
  assert.equal(heard.transcript, 'What is the weather?')
  const spoken = events.filter(({ type }) => type === 'response.output_audio.delta')
  assert.equal(Buffer.concat(spoken.map(({ delta }) => Buffer.from(delta, 'base64'))).length, 48000)
  assert.equal(events.at(-1).response.output[0].content[0].transcript, 'It rains.')
})

test('an event that is wrong is an error with its id, and the connection goes on', async (t) => {
  const session = await llemulator(t)
  await session.load({ rules: [{ match: { user_text: 'Hello' }, reply: 'Hi there' }] })
  const { connection, until } = connect(session)
  await until('session.created')
  connection.send({ type: 'conversation.item.delete', item_id: 'item_x', event_id: 'mine' })
  const error = (await until('error')).at(-1).error
  say(connection, 'Hello')
  connection.send({ type: 'response.create' })
  const done = (await until('response.done')).at(-1)
  connection.close()

  assert.deepEqual([error.event_id, error.code], ['mine', 'item_delete_invalid_item_id'])
  assert.equal(done.response.status, 'completed')
})
