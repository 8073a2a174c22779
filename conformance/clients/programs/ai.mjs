// The `ai` package with OpenAI's provider, whole and streamed; it asks by the Responses API.
import { openai } from "@ai-sdk/openai"
import { generateText, streamText } from "ai"

const asked = { model: openai("gpt-4o"), prompt: "Hello" }
console.log((await generateText(asked)).text)
let text = ""
for await (const piece of streamText(asked).textStream) text += piece
console.log(text)
