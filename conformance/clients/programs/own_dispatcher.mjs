// undici's fetch with a dispatcher of the program's own, as for timeouts; it reads no proxy variable.
import { Agent, fetch } from "undici"

const answer = await fetch("https://api.openai.com/v1/chat/completions", {
  method: "POST",
  headers: { Authorization: `Bearer ${process.env.OPENAI_API_KEY}`, "Content-Type": "application/json" },
  body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] }),
  dispatcher: new Agent({ headersTimeout: 60_000 }),
})
console.log((await answer.json()).choices[0].message.content)
