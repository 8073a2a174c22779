"""The client that sent a request, as its headers describe it."""

from dataclasses import dataclass

from llemulator_addon.engine.journal import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class SdkHeaders:
    """The program that asks, as far as its headers tell."""

    sdk: str | None
    """As `openai-python`; None where it is none of OpenAI's."""
    version: str | None
    retry: int | None
    """The SDK's own count of retries of this call: 0 for the first attempt; None where it does not say."""
    read_timeout: float | None
    """Seconds of silence after which it gives up; None where it does not say."""


def client_of(exchange: Exchange) -> SdkHeaders:
    """Read the headers that OpenAI's SDKs send, else `User-Agent`."""
    headers = exchange.headers
    language = headers.get("x-stainless-lang")
    product, _, version = headers.get("user-agent", "").partition(" ")[0].partition("/")
    return SdkHeaders(
        sdk=_SDKS.get(language, f"openai-{language}") if language else product or None,
        version=headers.get("x-stainless-package-version") or version or None,
        retry=_count(headers.get("x-stainless-retry-count", "")),
        read_timeout=_read_timeout(exchange),
    )


_SDKS = {"js": "openai-node"}


def _count(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() else None


def _read_timeout(exchange: Exchange) -> float | None:
    # Python says how long a read may take, JavaScript how long the whole call may: both in seconds.
    for name in ("x-stainless-read-timeout", "x-stainless-timeout"):
        try:
            return float(exchange.headers[name])
        except (KeyError, ValueError):
            continue
    return None
