"""The forms of secrets in any text: keys by how they begin, credentials of schemes and URLs, private keys.

To add a form is one line of `_FORMS`, and one of the table in its test. A form is looked for only where its mark is,
so that a text without any costs next to nothing; RE2 takes time that is linear in the text, for any text.
"""

import binascii
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Callable, Mapping
from typing import Any

import re2

HIDDEN = "***"

_ALONE = r"(^|[^A-Za-z0-9]|\\[nrtbf])"
"""`task-` and `disk-` are no beginnings of keys; a line feed may be escaped, as in JSON."""

_FORMS: Mapping[str, str] = {
    # `sk-test` in a text is an example and no key.
    "sk-": r"sk-[\w-]{16,}",
    "ek_": r"ek_\w{16,}",
    "sess-": r"sess-[\w-]{16,}",
    "eyJ": r"eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)*",  # JWT (RFC 7519); one that is encrypted has five parts
    "gh": r"gh[opsur]_\w{16,}",
    "github_pat_": r"github_pat_\w{16,}",
    "glpat-": r"glpat-[\w-]{16,}",
    "IA": r"A[KS]IA[A-Z0-9]{16}",  # AWS
    "AIza": r"AIza[\w-]{30,}",  # Google
    "ya29.": r"ya29\.[\w.-]{16,}",
    "xox": r"xox[a-z]-[\w-]{10,}",  # Slack
    "xapp-": r"xapp-[\w-]{10,}",
    "hf_": r"hf_\w{16,}",  # Hugging Face
    "gsk_": r"gsk_\w{16,}",  # Groq
    "xai-": r"xai-[\w-]{16,}",
    "r8_": r"r8_\w{16,}",  # Replicate
    "npm_": r"npm_\w{30,}",
    "pypi-": r"pypi-[\w-]{30,}",
    "_live_": r"[prs]k_live_\w{10,}",  # Stripe
    "_test_": r"[prs]k_test_\w{10,}",
    "SG.": r"SG\.[\w-]{16,}\.[\w-]{16,}",  # SendGrid
    "PRIVATE KEY": r"(?s)-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY-----.*?"
    r"(?:-----END (?:[A-Z]+ ){0,3}PRIVATE KEY-----|\z)",
}
"""By a mark that each text of that form has."""

_PATTERNS = {mark: re2.compile(f"{_ALONE}{form}") for mark, form in _FORMS.items()}
_USERINFO = re2.compile(r"""(://)[^\s/?#"'<>\\]+@""")
"""RFC 3986, 3.2.1."""
_BEARER = re2.compile(r"(?i)((?:\b|\\[nrtbf])bearer[ \t+:]\s*)([\w.~+/=-]{8,})")
"""RFC 6750, 2.1."""
_BASIC = re2.compile(r"(?i)((?:\b|\\[nrtbf])basic[ \t+:]\s*)([\w+/-]{4,}={0,2})")
"""RFC 7617, 2."""
_LONGER_THAN_WORDS = 16


def redact_forms(text: str) -> str:
    """Return a text in which no secret stands that is known by its form."""
    for mark, pattern in _PATTERNS.items():
        if mark in text:
            text = pattern.sub(rf"\1{HIDDEN}", text)
    if "@" in text:
        text = _USERINFO.sub(rf"\1{HIDDEN}@", text)
    lowered = text.lower()
    if "bearer" in lowered:
        text = _BEARER.sub(_if_token, text)
    if "basic" in lowered:
        text = _BASIC.sub(_if_credentials, text)
    return text


def _if_token(found: Any) -> str:  # noqa: ANN401 - re2 has no types
    """Hide what `Bearer` is followed by, unless it is a word: `Bearer authentication`."""
    scheme, token = found.groups()
    is_token = len(token) >= _LONGER_THAN_WORDS or not token.isalpha()
    return f"{scheme}{HIDDEN}" if is_token else str(found[0])


def _if_credentials(found: Any) -> str:  # noqa: ANN401 - re2 has no types
    """Hide what `Basic` is followed by where it stands for a text with a colon; not in `Basic authentication`."""
    scheme, credentials = found.groups()
    stands_for_it = any(b":" in _decode(decode, credentials) for decode in _DECODERS)
    return f"{scheme}{HIDDEN}" if stands_for_it else str(found[0])


_DECODERS: tuple[Callable[[str], bytes], ...] = (b64decode, urlsafe_b64decode)


def _decode(decode: Callable[[str], bytes], text: str) -> bytes:
    try:
        return decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
