"""Rules that can be loaded, and most likely do not do what was meant."""

from collections.abc import Iterator, Sequence

from llemulator_addon.script.pattern import RegexKey
from llemulator_addon.script.patterns.endpoint import EndpointPattern
from llemulator_addon.script.patterns.path import PathPattern
from llemulator_addon.script.rule import Rule

_COMPARED = 1_000
"""Rules of a script that are compared with each other."""
_CURLY = "\u201c\u201d\u2018\u2019"


def find_doubtful(rules: Sequence[Rule]) -> Iterator[str]:
    """Yield a sentence for each rule that never answers because of one before it, or that looks for curly quotes."""
    endless: list[Rule] = []
    asked = [rule for rule in rules[:_COMPARED] if rule.connection is None]
    for rule in sorted(asked, key=lambda rule: -rule.priority):
        if (before := next((each for each in endless if _covers(each, rule)), None)) is not None:
            yield f'rule "{rule.name}" never answers: "{before.name}" matches all of its requests and goes before it'
        if rule.times is None:
            endless.append(rule)
        if curly := [sign for sign in _CURLY if any(sign in regex for regex in _regexes(rule))]:
            signs = " ".join(curly)
            yield f'rule "{rule.name}" looks for curly quotes ({signs}); write straight ones (" or \') instead?'


def _covers(before: Rule, rule: Rule) -> bool:
    """Whether all requests of a rule match one before it. A rule that names a path answers where others do not."""
    names_path = any(isinstance(each, PathPattern | EndpointPattern) for each in rule.patterns)
    conditions = {repr(each) for each in rule.patterns}
    return {repr(each) for each in before.patterns} <= conditions and (bool(before.patterns) or not names_path)


def _regexes(rule: Rule) -> Iterator[str]:
    keys = (key for pattern in rule.patterns for key in pattern.index_keys())
    return (key.regex for key in keys if isinstance(key, RegexKey))
