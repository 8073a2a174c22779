"""An example application: it calls OpenAI through the official SDK, and contains nothing about llemulator.

`app.py --once` asks one question and ends; without `--once`, it repeats the question every ten seconds.
"""

import sys
import time

from openai import OpenAI


def main() -> None:
    """Ask, as one answer and as a stream."""
    client = OpenAI()
    while True:
        answer = client.chat.completions.create(model="gpt-5.4", messages=[{"role": "user", "content": "Hello there"}])
        print("answer:", answer.choices[0].message.content, flush=True)
        stream = client.chat.completions.create(
            model="gpt-5.4", messages=[{"role": "user", "content": "Hello again"}], stream=True
        )
        print("stream:", "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices), flush=True)
        if "--once" in sys.argv:
            return
        time.sleep(10)


if __name__ == "__main__":
    main()
