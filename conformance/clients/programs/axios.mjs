// axios, which reads the proxy variables itself.
import axios from "axios"

const headers = { Authorization: `Bearer ${process.env.OPENAI_API_KEY}` }
const asked = { model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] }
const answer = await axios.post("https://api.openai.com/v1/chat/completions", asked, { headers })
console.log(answer.data.choices[0].message.content)
