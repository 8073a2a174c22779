"""Scripts and other bodies of the admin routes that cost much to read."""

from collections.abc import Callable, Iterable, Mapping

from conformance.attacks.attack import SECONDS, Attack, Send, Way

_TOKEN = "sk-attack-loading"
_SCRIPT = "/_emulator/script"
_READ = frozenset({200, 400, 413})
_YAML = "Content-Type: application/yaml\r\n"
_SECONDS = 2 * SECONDS


def _loading(body: Callable[[], object], *, path: str = _SCRIPT, headers: str = "") -> Send:
    def send(way: Way) -> Iterable[int]:
        made = body()
        way.begin()
        return [way.post(path, made, token=_TOKEN, headers=headers, seconds=_SECONDS)]

    return send


def _yaml_rules(size: int) -> bytes:
    rule = b"  - {match: {user_text: 'question'}, reply: {text: 'an answer'}}\n"
    return b"rules:\n" + rule * (size // len(rule))


def _yaml_list(size: int) -> bytes:
    return b"responses: [" + b"a," * (size // 2 - 10) + b"a]"


def _yaml_nested(size: int) -> bytes:
    return b"responses: " + b"[" * (size // 2) + b"]" * (size // 2)


def _templates(count: int) -> dict[str, object]:
    replies = ({"template": f"Hello {{{{ prompt.text }}}} {number} {{{{ turn }}}}"} for number in range(count))
    return {"reset": True, "rules": [{"reply": reply} for reply in replies]}


_SENDS: Mapping[str, tuple[str, Send]] = {
    "4 MiB of YAML rules": (
        "65 000 rules in YAML",
        _loading(lambda: _yaml_rules((4 << 20) - 100), headers=_YAML),
    ),
    "4 MiB of YAML in a list": (
        "2 000 000 replies in YAML",
        _loading(lambda: _yaml_list((4 << 20) - 100), headers=_YAML),
    ),
    "4 MiB of nested YAML": (
        "2 000 000 nested lists in YAML",
        _loading(lambda: _yaml_nested((4 << 20) - 100), headers=_YAML),
    ),
    "4 MiB of YAML to verify": (
        "the same rules to another route",
        _loading(lambda: _yaml_rules((4 << 20) - 100), path="/_emulator/verify", headers=_YAML),
    ),
    "990 000 bad keys": (
        "990 000 keys that are none of a script",
        _loading(lambda: {f"k{number}": 1 for number in range(990_000)}),
    ),
    "300 000 bad rules": (
        "300 000 rules, each with a key that is none",
        _loading(lambda: {"rules": [{"repli": "a"}] * 300_000}),
    ),
    "990 000 bad keys to verify": (
        "the same to another route",
        _loading(lambda: {f"k{number}": 1 for number in range(990_000)}, path="/_emulator/verify"),
    ),
    "6000 templates": ("6 000 rules with a template each", _loading(lambda: _templates(6_000))),
    "a million responses": ("1 000 000 replies in a list", _loading(lambda: {"responses": ["a"] * 1_000_000})),
    "200 000 patterns": (
        "200 000 regular expressions",
        _loading(lambda: {"responses": {f"a{number}b+": "c" for number in range(200_000)}}),
    ),
}

ATTACKS: Mapping[str, Attack] = {
    name: Attack(sends=sends, send=send, answers=_READ) for name, (sends, send) in _SENDS.items()
}
"""By name."""
