// An agent of OpenAI's Agents SDK with one tool.
import { Agent, run, tool } from "@openai/agents"
import { z } from "zod"

const weather = tool({
  name: "get_weather",
  description: "Get the weather of a city",
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }) => `rain in ${city}`,
})
const agent = new Agent({ name: "Forecaster", instructions: "Say the weather.", tools: [weather] })
const result = await run(agent, "What is the weather in Oslo?")
console.log(result.finalOutput)
