"""An application as OpenTelemetry's `opentelemetry-instrument` runs it: it knows nothing of llemulator or of traces."""

from openai import APIStatusError, OpenAI

client = OpenAI(max_retries=0)
messages = [{"role": "user", "content": "Say hello"}]
print(client.chat.completions.create(model="gpt-4o", messages=messages, temperature=0.5).choices[0].message.content)
for chunk in client.chat.completions.create(model="gpt-4o", messages=messages, stream=True):
    print(chunk.choices[0].delta.content or "", end="")
print()
try:
    client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Fail"}])
except APIStatusError as error:
    print(error.status_code)
