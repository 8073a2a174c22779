"""OpenAI's SDK under asyncio, whole and streamed; with `aiohttp` as argument over that."""

import asyncio
import sys

import openai


async def main() -> None:
    """Ask twice."""
    http_client = openai.DefaultAioHttpClient() if "aiohttp" in sys.argv else None
    async with openai.AsyncOpenAI(http_client=http_client) as client:
        asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
        print((await client.chat.completions.create(**asked)).choices[0].message.content)
        chunks = await client.chat.completions.create(**asked, stream=True)
        print("".join([chunk.choices[0].delta.content or "" async for chunk in chunks if chunk.choices]))


asyncio.run(main())
