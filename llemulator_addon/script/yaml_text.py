"""Reading YAML. A module of its own, imported where it is needed: most scripts that arrive over HTTP are JSON."""

from typing import Any, override
from warnings import catch_warnings

from ruamel.yaml import YAML, MappingNode, SequenceNode
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError

from llemulator_addon.script.problems import problem

_LONGEST = 4 << 20
_MOST_MERGED = 10_000
"""Keys of one object, those of `<<` included."""


def read(text: str | bytes) -> object:
    """Read the one document of a text; raises `ScriptError`. What comes out need not be JSON."""
    if len(text) > _LONGEST:
        raise problem("", f"not read: YAML of more than {_LONGEST >> 20} MiB takes minutes; JSON takes none")
    reader = YAML(typ="safe", pure=True)
    reader.Constructor = _Constructor
    try:
        with catch_warnings(action="ignore", category=ReusedAnchorWarning):
            return reader.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise problem("", f"not YAML: {error.problem or error.context}{where}") from None
    except (YAMLError, ValueError) as error:
        raise problem("", f"not YAML: {error}") from None
    except RecursionError:
        raise problem("", "not read: it is nested too deeply") from None
    except (LookupError, TypeError, AttributeError, AssertionError):
        # What the reader falls over: `!!bool x`, and the like.
        raise problem("", "not YAML: a value is not of the kind that its tag says") from None


class _Constructor(SafeConstructor):
    """One that merges no more than there may be: a few lines that merge what merges can make millions of keys."""

    @override
    def flatten_mapping(self, node: Any) -> Any:
        merged = [part for key, value in node.value if key.tag == _MERGE for part in _merged(value)]
        for part in merged:
            self.flatten_mapping(part)
        if sum(len(part.value) for part in merged) > _MOST_MERGED:
            found = f"more than {_MOST_MERGED} keys to merge"
            raise ConstructorError("while constructing a mapping", node.start_mark, found, node.start_mark)
        return super().flatten_mapping(node)


_MERGE = "tag:yaml.org,2002:merge"


def _merged(value: object) -> list[MappingNode]:
    match value:
        case MappingNode():
            return [value]
        case SequenceNode():
            return [part for part in value.value if isinstance(part, MappingNode)]
        case _:
            return []
