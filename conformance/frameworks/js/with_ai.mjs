// The AI SDK, over Responses, as `openai('…')` is by default, and over chat completions.

import { createOpenAI, openai } from '@ai-sdk/openai'
import { embedMany, generateText, isStepCount, Output, streamText, tool } from 'ai'
import { z } from 'zod'
import { all, OTHER_KEY, Person, play } from './playing.mjs'

const get_weather = tool({
  description: 'Tell the weather in a city.',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `rain in ${city}`,
})
const book_table = tool({
  description: 'Book a table at a restaurant.',
  inputSchema: z.object({ restaurant: z.string(), guests: z.number().int() }),
  execute: async ({ restaurant, guests }) => `${restaurant} has a table for ${guests}`,
})
const convert_currency = tool({
  description: 'Convert an amount of money to another currency.',
  inputSchema: z.object({ amount: z.number(), currency: z.string() }),
  execute: async ({ amount, currency }) => `${amount} ${currency}`,
})

const agent = (model) => async () => {
  const answer = await generateText({
    model, tools: { get_weather }, stopWhen: isStepCount(5), prompt: 'What is the weather in Oslo?',
  })
  return answer.text
}

const streamedAgent = (model) => async () => {
  const answer = streamText({
    model, tools: { get_weather }, stopWhen: isStepCount(5), prompt: 'What is the weather in Oslo?',
  })
  return (await all(answer.textStream)).join('')
}

const stream = (model) => async () => {
  const answer = streamText({ model, prompt: 'Tell me a story' })
  return [await all(answer.textStream), (await answer.usage).outputTokens, await answer.finishReason]
}

const structured = (model) => async () =>
  (await generateText({ model, output: Output.object({ schema: Person, name: 'person' }), prompt: 'Who is Ann?' })).output

const embeddings = async () => {
  const { embeddings } = await embedMany({ model: openai.embedding('text-embedding-3-small'), values: ['a cat', 'a dog'] })
  return embeddings.map((embedding) => embedding.length)
}

const unscripted = (model) => async () => {
  const answer = await generateText({
    model, tools: { get_weather, book_table, convert_currency }, stopWhen: isStepCount(9),
    prompt: 'Is the weather fine in Oslo?',
  })
  return [answer.finishReason, ...answer.steps.flatMap((step) => step.toolCalls.map((call) => call.toolName))]
}

const other = createOpenAI({ apiKey: OTHER_KEY })

await play({
  agent: agent(openai('gpt-4o')),
  streamed_agent: streamedAgent(openai('gpt-4o')),
  stream: stream(openai('gpt-4o')),
  structured: structured(openai('gpt-4o')),
  agent_over_chat: agent(openai.chat('gpt-4o')),
  streamed_agent_over_chat: streamedAgent(openai.chat('gpt-4o')),
  stream_over_chat: stream(openai.chat('gpt-4o')),
  structured_over_chat: structured(openai.chat('gpt-4o')),
  embeddings,
  unscripted: unscripted(other('gpt-4o')),
  unscripted_over_chat: unscripted(other.chat('gpt-4o')),
})
