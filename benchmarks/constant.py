"""The least that an addon can do: one answer to all requests. It shows the cost of mitmdump alone."""

from mitmproxy import ctx, http
from mitmproxy.addonmanager import Loader

_BODY = b"""{
  "id": "chatcmpl-BYjTN0Dyfj9qvbzRZTXdrEYUqN4qV",
  "object": "chat.completion",
  "created": 1747751241,
  "model": "gpt-4o",
  "choices": [
    {
      "index": 0,
      "message": {
        "role": "assistant",
        "content": "Hello there. How are you today?",
        "refusal": null,
        "annotations": []
      },
      "logprobs": null,
      "finish_reason": "stop"
    }
  ],
  "usage": {
    "prompt_tokens": 8,
    "completion_tokens": 8,
    "total_tokens": 16,
    "prompt_tokens_details": {
      "cached_tokens": 0,
      "audio_tokens": 0
    },
    "completion_tokens_details": {
      "reasoning_tokens": 0,
      "audio_tokens": 0,
      "accepted_prediction_tokens": 0,
      "rejected_prediction_tokens": 0
    }
  },
  "service_tier": "default",
  "system_fingerprint": "fp_dbaca60df0"
}
"""


def load(loader: Loader) -> None:  # noqa: ARG001 - mitmproxy names the parameter
    """Dial nobody."""
    ctx.options.update(connection_strategy="lazy", upstream_cert=False)


def request(flow: http.HTTPFlow) -> None:
    """Answer."""
    flow.response = http.Response.make(200, _BODY, {"content-type": "application/json"})
