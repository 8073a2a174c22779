# Ruby's Faraday, which ruby-openai is made of.
require "faraday"
require "json"

answer = Faraday.post(
  "https://api.openai.com/v1/chat/completions",
  { model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] }.to_json,
  "Authorization" => "Bearer #{ENV["OPENAI_API_KEY"]}", "Content-Type" => "application/json"
)
puts JSON.parse(answer.body)["choices"][0]["message"]["content"]
