"""OpenAI's SDK, whole and streamed; with `own` as argument over a client that reads no variable."""

import sys

from openai import DefaultHttpxClient, OpenAI

client = OpenAI(http_client=DefaultHttpxClient(trust_env=False) if "own" in sys.argv else None)
asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
print(client.chat.completions.create(**asked).choices[0].message.content)
chunks = client.chat.completions.create(**asked, stream=True)
print("".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices))
