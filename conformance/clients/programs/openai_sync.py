"""OpenAI's SDK, whole and streamed."""

from openai import OpenAI

client = OpenAI()
asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
print(client.chat.completions.create(**asked).choices[0].message.content)
chunks = client.chat.completions.create(**asked, stream=True)
print("".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices))
