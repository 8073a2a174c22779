// Node's https module with an agent of the program's own, as for keep-alive; Node leads only its global agent to a proxy.
import https from "node:https"

const agent = new https.Agent({ keepAlive: true, maxSockets: 4 })
const headers = { Authorization: `Bearer ${process.env.OPENAI_API_KEY}`, "Content-Type": "application/json" }
const options = { method: "POST", headers, agent }
const request = https.request("https://api.openai.com/v1/chat/completions", options, async (answer) => {
  let text = ""
  for await (const piece of answer) text += piece
  console.log(JSON.parse(text).choices[0].message.content)
  agent.destroy()
})
request.end(JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] }))
