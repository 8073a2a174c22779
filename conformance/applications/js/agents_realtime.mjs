// The agent of agents.mjs as a voice agent: it hears a second of sound over WebSocket, and says the weather aloud.
import { setTimeout as pause } from "node:timers/promises"
import { tool } from "@openai/agents"
import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession } from "@openai/agents/realtime"
import { z } from "zod"

const weather = tool({
  name: "get_weather",
  description: "Get the weather of a city",
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }) => `rain in ${city}`,
})
const agent = new RealtimeAgent({ name: "Forecaster", instructions: "Say the weather.", tools: [weather] })
const session = new RealtimeSession(agent, { transport: new OpenAIRealtimeWebSocket(), model: "gpt-realtime" })
let heardBytes = 0
session.on("audio", ({ data }) => (heardBytes += data.byteLength))
session.on("agent_tool_end", (_, __, ___, result) => console.log(`the tool said: ${result}`))
session.on("error", ({ error }) => {
  console.error(error)
  process.exit(1)
})
const done = new Promise((resolve) => session.on("agent_end", (_, __, output) => output && resolve(output)))
await session.connect({ apiKey: process.env.OPENAI_API_KEY })
// A loud second, and a silent one: the session hears that a turn has ended.
const sound = new Int16Array(48_000).map((_, at) => (at < 24_000 ? 20_000 * Math.sin(at / 10) : 0))
for (let at = 0; at < sound.length; at += 2_400) {
  session.sendAudio(sound.slice(at, at + 2_400).buffer)
}
const said = await Promise.race([done, pause(500_000, "nothing", { ref: false })])
console.log(said)
console.log(heardBytes > 0 ? "It was heard." : "Nothing was heard.")
session.close()
