// What each framework makes of a request that no rule answers: a line of JSON for each, its error and what it says.

import { openai } from '@ai-sdk/openai'
import { ChatOpenAI, OpenAIClient as OpenAI } from '@langchain/openai'
import { generateText } from 'ai'

const model = 'gpt-4o'
const cases = {
  OpenAI: (text) => new OpenAI().chat.completions.create({ model, messages: [{ role: 'user', content: text }] }),
  'AI SDK': (text) => generateText({ model: openai(model), prompt: text }),
  'LangChain.js': (text) => new ChatOpenAI({ model }).invoke(text),
}

for (const [name, ask] of Object.entries(cases)) {
  let told = { error: null, says: null }
  try {
    await ask(name)
  } catch (error) {
    told = { error: error.constructor.name, says: String(error.message) }
  }
  console.log(JSON.stringify({ case: name, ...told }))
}
