// OpenAI's SDK, whole and streamed.
import OpenAI from "openai"

const client = new OpenAI()
const asked = { model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] }
console.log((await client.chat.completions.create(asked)).choices[0].message.content)
let text = ""
for await (const chunk of await client.chat.completions.create({ ...asked, stream: true })) {
  text += chunk.choices[0]?.delta?.content ?? ""
}
console.log(text)
