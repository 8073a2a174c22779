// LangChain, over chat completions and over Responses.

import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { createAgent, tool } from 'langchain'
import { z } from 'zod'
import { all, OTHER_KEY, Person, play } from './playing.mjs'

const getWeather = tool(({ city }) => `rain in ${city}`, {
  name: 'get_weather',
  description: 'Tell the weather in a city.',
  schema: z.object({ city: z.string() }),
})
const bookTable = tool(({ restaurant, guests }) => `${restaurant} has a table for ${guests}`, {
  name: 'book_table',
  description: 'Book a table at a restaurant.',
  schema: z.object({ restaurant: z.string(), guests: z.number().int() }),
})
const convertCurrency = tool(({ amount, currency }) => `${amount} ${currency}`, {
  name: 'convert_currency',
  description: 'Convert an amount of money to another currency.',
  schema: z.object({ amount: z.number(), currency: z.string() }),
})

const CHAT = { model: 'gpt-4o', useResponsesApi: false }
const RESPONSES = { model: 'gpt-4o', useResponsesApi: true }

const agent = (fields) => async () => {
  const asked = createAgent({ model: new ChatOpenAI(fields), tools: [getWeather] })
  const ended = await asked.invoke({ messages: [{ role: 'user', content: 'What is the weather in Oslo?' }] })
  return ended.messages.at(-1).text
}

const stream = (fields) => async () => {
  const chunks = await all(await new ChatOpenAI(fields).stream('Tell me a story'))
  const whole = chunks.reduce((before, chunk) => before.concat(chunk))
  return [chunks.map((chunk) => chunk.text).filter(Boolean), whole.usage_metadata.output_tokens]
}

const structured = (fields, method) => async () =>
  new ChatOpenAI(fields).withStructuredOutput(Person, { name: 'Person', method }).invoke('Who is Ann?')

const embeddings = async () => {
  const embedding = new OpenAIEmbeddings({ model: 'text-embedding-3-small' })
  return (await embedding.embedDocuments(['a cat', 'a dog'])).map((vector) => vector.length)
}

const unscripted = (fields) => async () => {
  const model = new ChatOpenAI({ ...fields, apiKey: OTHER_KEY })
  const asked = createAgent({ model, tools: [getWeather, bookTable, convertCurrency] })
  const ended = await asked.invoke({ messages: [{ role: 'user', content: 'Is the weather fine in Oslo?' }] })
  const called = ended.messages.filter((message) => message.type === 'tool').map((message) => message.name)
  return [ended.messages.at(-1).type, ...called]
}

await play({
  agent: agent(CHAT),
  stream: stream(CHAT),
  structured: structured(CHAT, 'jsonSchema'),
  structured_by_tool: structured(CHAT, 'functionCalling'),
  agent_over_responses: agent(RESPONSES),
  stream_over_responses: stream(RESPONSES),
  structured_over_responses: structured(RESPONSES, 'jsonSchema'),
  embeddings,
  unscripted: unscripted(CHAT),
  unscripted_over_responses: unscripted(RESPONSES),
})
