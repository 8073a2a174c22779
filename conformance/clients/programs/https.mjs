// Node's https module, which got, node-fetch and many more are made of.
import https from "node:https"

const headers = { Authorization: `Bearer ${process.env.OPENAI_API_KEY}`, "Content-Type": "application/json" }
const request = https.request("https://api.openai.com/v1/chat/completions", { method: "POST", headers }, async (answer) => {
  let text = ""
  for await (const piece of answer) text += piece
  console.log(JSON.parse(text).choices[0].message.content)
})
request.end(JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] }))
