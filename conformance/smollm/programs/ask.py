"""Asks the model smollm as an application does, which knows nothing of a proxy; prints what it got as JSON."""

import json
from functools import partial

import openai

_COLOR = {
    "type": "object",
    "properties": {"color": {"enum": ["red", "blue"]}, "dark": {"type": "boolean"}},
    "required": ["color", "dark"],
    "additionalProperties": False,
}

client = openai.OpenAI(max_retries=0)
chat = partial(client.chat.completions.create, model="smollm", max_tokens=8)


def user(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


print(
    json.dumps(
        {
            "said": chat(messages=user("Tell me something, ☃.")).choices[0].message.content,
            "streamed": [
                chunk.to_dict()
                for chunk in chat(messages=user("Tell me."), stream=True, stream_options={"include_usage": True})
            ],
            "ruled": chat(messages=user("By rule, please.")).choices[0].message.content,
            "as_json": chat(
                messages=user("A color."),
                max_tokens=1000,
                response_format={"type": "json_schema", "json_schema": {"name": "color", "schema": _COLOR}},
            )
            .choices[0]
            .message.content,
            "responses": client.responses.create(model="smollm", input="Tell me.", max_output_tokens=16).output_text,
            "completions": client.completions.create(model="smollm", prompt="Once", max_tokens=8).choices[0].text,
            "embedding": client.embeddings.create(model="smollm", input="Once").data[0].embedding,
            "models": [model.id for model in client.models.list()],
            "model": client.models.retrieve("smollm").id,
        }
    )
)
