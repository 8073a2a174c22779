// The agent of agents.mjs, over WebSocket: all its turns come on one connection.
import { Agent, tool, withResponsesWebSocketSession } from "@openai/agents"
import { z } from "zod"

const weather = tool({
  name: "get_weather",
  description: "Get the weather of a city",
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }) => `rain in ${city}`,
})
const agent = new Agent({ name: "Forecaster", instructions: "Say the weather.", tools: [weather] })
await withResponsesWebSocketSession(async ({ runner }) => {
  const result = await runner.run(agent, "What is the weather in Oslo?")
  console.log(result.finalOutput)
})
