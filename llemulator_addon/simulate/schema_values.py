"""A value that is valid for a JSON schema, with plausible contents.

Own work, because none of the libraries for it passes: hypothesis-jsonschema has no recursion, takes hundreds of
milliseconds and is made for odd values; jsf fails on `allOf`, `multipleOf` and a `$ref` to the root and draws from the
global generator; polyfactory starts from Python classes, not from schemas.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from llemulator_addon.core.chance import Chance
from llemulator_addon.core.work import TooMuchWork, Work
from llemulator_addon.json_schema import ecma_regex
from llemulator_addon.json_schema.document import Schemas, Unsatisfiable, kinds_of
from llemulator_addon.json_schema.same import key_of
from llemulator_addon.json_schema.validate import fits
from llemulator_addon.json_schema.wellformed import tidy
from llemulator_addon.simulate import harmless, property_values
from llemulator_addon.simulate.numbers import Flat, number_within
from llemulator_addon.simulate.source import Source

_Items = list[object]
STEPS = 100_000
"""So much work may the values of one answer take: about a tenth of a second."""


def value_for(
    schema: object, chance: Chance, *, topic: str = "the topic", source: Source | None = None, work: Work | None = None
) -> Any:  # noqa: ANN401 - JSON
    """Return a value that is valid for a schema; the best that was found if none is, or a part is not understood.

    Where it takes more work than there is, it is the best that was found until then, which may be None.
    """
    made: list[object] = []
    with suppress(TooMuchWork, RecursionError):
        made.extend(_make_valid(schema, chance, topic, source, work or Work(STEPS)))
    return made[-1] if made else None


def _make_valid(schema: object, chance: Chance, topic: str, source: Source | None, work: Work) -> Iterator[object]:
    """Yield the first value that was made, then a valid one where that is none."""
    schema = tidy(schema, work)
    schemas = Schemas(schema, work)
    is_first = True
    for attempt in range(_ATTEMPTS):
        maker = _Maker(schemas, chance, topic, source, terse=attempt > _ATTEMPTS // 2)
        try:
            value = maker.make(schema, _ValuePlace())
            is_valid = fits(value, schema, schemas)
        except (Unsatisfiable, RecursionError, OverflowError):
            continue
        except _GaveUp:
            return
        if is_first or is_valid:
            yield value
        if is_valid:
            return
        is_first = False


class _GaveUp(Exception):
    """There are too many ways through a schema to try them all, or too much is asked for."""


_URL_FORMATS = frozenset({"uri", "url", "iri", "uri-reference", "iri-reference"})
_RUN = frozenset({"command", "code", "sql", "patch"})
_FREE = frozenset({None, "danger"})
_ATTEMPTS = 12
_TRIES = 24
_DEEP = 4
"""From this level on, a value becomes no larger than it must."""
_MANY = 250
"""After this number of values, only required ones follow."""
_MOST = 20_000
"""A schema that asks for more values than these is given up,"""
_LONGEST = 200_000
"""and one that asks for a text of more characters than these."""
_DEEPEST = 200
_OF_A_VALUE = 10
"""The cost of generating one."""
_WAYS = 5_000
"""The most ways of `anyOf` and its like that are tried before a schema is given up."""


class _ValuePlace:
    """Where in the whole a value is made."""

    __slots__ = ("depth", "name", "parent")

    def __init__(self, name: harmless.Words = (), parent: harmless.Words = (), depth: int = 0) -> None:
        self.name, self.parent, self.depth = name, parent, depth

    def member(self, name: str) -> "_ValuePlace":
        return _ValuePlace(property_values.words_of(name), self.name, self.depth + 1)

    def item(self) -> "_ValuePlace":
        """Return the place of an array's item, which has the array's name: `tags` are tags."""
        return _ValuePlace(self.name, self.parent, self.depth + 1)


class _Maker:
    """Makes one value. An object, because it counts what it has made so far."""

    def __init__(self, schemas: Schemas, chance: Chance, topic: str, source: Source | None, *, terse: bool) -> None:
        self._schemas = schemas
        self._work = schemas.work
        self._chance = chance
        self._topic = topic
        self._source = source
        self._terse = terse
        self._made = 0
        self._tried = 0
        self._wide = False

    def make(self, schema: object, place: _ValuePlace) -> object:
        """Return a value for a schema at a place. Raises `Unsatisfiable`."""
        if place.depth > _DEEPEST:
            raise Unsatisfiable("no value ends here")
        flat = self._schemas.flat(schema)
        self._work.spend(_OF_A_VALUE)
        self._made += 1
        if self._made > _MOST:
            raise _GaveUp
        return self._choose_way(flat, place)

    def _must_end(self, place: _ValuePlace) -> bool:
        return self._terse or place.depth >= _DEEP or self._made > _MANY

    def _choose_way(self, flat: Flat, place: _ValuePlace) -> object:
        """Choose a way of each `anyOf`, `oneOf` and `if`; a way that leads nowhere is followed by the next."""
        group, rest = _first_group(flat)
        if group is None:
            return self._make_allowed(flat, place) if "not" in flat else self._make_typed(flat, place)
        base, ways = rest, self._order_ways(group, place)
        for way in ways:
            self._tried += 1
            if self._tried > _WAYS:
                raise _GaveUp
            try:
                return self._choose_way(self._schemas.merge(base, self._schemas.flat(way)), place)
            except Unsatisfiable:
                continue
        raise Unsatisfiable("none of several ways is possible")

    def _make_allowed(self, flat: Flat, place: _ValuePlace) -> object:
        """Make a value until `not` does not forbid it."""
        for _ in range(_TRIES):
            value = self._make_typed(flat, place)
            if not fits(value, flat["not"], self._schemas):
                return value
        raise Unsatisfiable("`not` forbids what the rest allows")

    def _order_ways(self, ways: Sequence[object], place: _ValuePlace) -> list[object]:
        if self._must_end(place):
            return sorted(ways, key=self._schemas.depth)
        ordered = self._chance.some(ways, len(ways))
        nothing = [way for way in ordered if isinstance(way, Mapping) and way.get("type") == "null"]
        if not nothing or len(nothing) == len(ordered):
            return ordered
        something = [way for way in ordered if way not in nothing]
        wants_nothing = self._is_left_out(something, place) if self._source else self._chance.holds(_NOTHING)
        return nothing + something if wants_nothing else something + nothing

    def _is_left_out(self, ways: Sequence[object], place: _ValuePlace) -> bool:
        """Whether the user said nothing for a property that may be null."""
        return bool(self._source and self._source.brief) and not any(self._comes_from_user(way, place) for way in ways)

    def _comes_from_user(self, schema: object, place: _ValuePlace, *, sure: bool = True) -> bool:
        try:
            flat = self._schemas.flat(schema)
        except Unsatisfiable:
            return False
        if self._source is None or "anyOf" in flat or "oneOf" in flat:
            return False
        if "enum" in flat:
            return bool(self._offer_kind("enum", flat, place))
        if "array" in kinds_of(flat) and isinstance(flat.get("items"), Mapping):
            return self._comes_from_user(flat["items"], place, sure=sure)
        if self._acting(flat, place) is not None:
            return False
        kind = self._kind(flat, place)
        return any(self._is_valid(value, flat) for value in self._offer_kind(kind, flat, place, sure=sure))

    def _make_typed(self, flat: Flat, place: _ValuePlace) -> object:
        """Make a value if only values and types are left to choose."""
        if "const" in flat:
            return flat["const"]
        if "enum" in flat:
            return self._choose_enum(flat, place)
        kind = self._kind(flat, place)
        for value in self._propose(flat, kind, place):
            if self._is_valid(value, flat):
                return value
        match kind:
            case "object":
                return self._object(flat, place)
            case "array":
                return self._array(flat, place)
            case "string":
                return self._string(flat, place)
            case "integer" | "number":
                return self._number(flat, place, whole=kind == "integer")
            case "boolean":
                return self._chance.holds(0.7)
            case _:
                return None

    def _propose(self, flat: Flat, kind: str, place: _ValuePlace) -> Iterator[object]:
        """Yield a harmless value where somebody may act on it, then those that the user's words offer."""
        if (acting := self._acting(flat, place)) is not None:
            doing = self._source.doing if self._source else frozenset()
            yield from harmless.values_of(acting, kind, place.name, doing, self._chance)
        for value in self._offer({**flat, "type": kind}, place):
            if self._source is not None and self._is_valid(value, flat):
                self._source.mark_used(value)
            yield value

    def _acting(self, flat: Flat, place: _ValuePlace) -> harmless.ActingKind | None:
        """Return what is done with a value at a place, where it must not be what the user said."""
        doing = self._source.doing if self._source else frozenset()
        is_url = flat.get("format") in _URL_FORMATS
        found = "url" if is_url else harmless.kind_of(place.name, doing)
        # Nobody acts on JSON: an address or a name of a file that stands in the prompt may be told again.
        return found if doing or found in _RUN else None

    def _offer(self, flat: Flat, place: _ValuePlace) -> Sequence[object]:
        if self._source is None or self._acting(flat, place) not in _FREE:
            return ()
        return self._offer_kind(self._kind(flat, place), flat, place)

    def _offer_kind(self, kind: str, flat: Flat, place: _ValuePlace, *, sure: bool = False) -> Sequence[object]:
        """Ask the user's words for a value of a kind; each value of an enum is looked for in them."""
        if self._source is None:
            return ()
        self._work.spend(2 + 3 * len(flat.get("enum", ())))
        return self._source.offer(place.name, flat, kind, sure=sure)

    def _is_valid(self, value: object, flat: Flat) -> bool:
        return fits(value, {word: flat[word] for word in flat if word not in ("anyOf", "oneOf")}, self._schemas)

    def _choose_enum(self, flat: Flat, place: _ValuePlace) -> object:
        others = {word: flat[word] for word in flat if word not in ("enum", "anyOf", "oneOf")}
        valid = [value for value in flat["enum"] if fits(value, others, self._schemas)]
        if not valid:
            raise Unsatisfiable("no value of the list is possible")
        if self._source and self._source.doing:
            valid = harmless.harmless_first(valid)
        texts = {value for value in valid if isinstance(value, str)}
        for value in self._offer_kind("enum", flat, place):
            if value in texts:
                return value
        something = [value for value in valid if value is not None]
        if self._source and self._source.brief and len(something) < len(valid):
            return None
        return self._chance.one(something or valid)

    def _kind(self, flat: Flat, place: _ValuePlace) -> str:
        kinds = kinds_of(flat)
        if len(kinds) == 1:
            return kinds[0]
        if "null" in kinds and (self._must_end(place) or (self._source and self._source.brief)):
            return "null" if self._source is None or not self._is_said(flat, kinds, place) else self._something(kinds)
        if "null" in kinds and self._chance.holds(_NOTHING):
            return "null"
        return self._chance.one([kind for kind in kinds if kind != "null"])

    def _is_said(self, flat: Flat, kinds: Sequence[str], place: _ValuePlace) -> bool:
        kind = self._something(kinds)
        if self._acting(flat, place) not in _FREE:
            return False
        offered = self._offer_kind(kind, {**flat, "type": kind}, place, sure=True)
        return any(self._is_valid(value, flat) for value in offered)

    def _something(self, kinds: Sequence[str]) -> str:
        return next((kind for kind in kinds if kind != "null"), "null")

    # Objects ---------------------------------------------------------------------------------------------------------

    def _object(self, flat: Flat, place: _ValuePlace) -> dict[str, object]:
        required = dict.fromkeys(flat.get("required", ()))
        properties = flat.get("properties", {})
        made: dict[str, object] = {}
        for key, schema in properties.items():
            if key in required or self._wants(schema, place.member(key), sure=bool(required)):
                self._add(made, key, schema, place, needed=key in required)
        for key in required:
            if key not in made:
                made[key] = self.make(self._else(flat, key), place.member(key))
        return self._fill(made, flat, place)

    def _wants(self, schema: object, place: _ValuePlace, *, sure: bool) -> bool:
        """Whether a property that need not be there is; `sure`: others must, so only what the user's words ask for."""
        if schema is False or self._must_end(place):
            return False
        if self._source is not None and self._source.brief:
            return self._comes_from_user(schema, place, sure=sure)
        return self._chance.holds(0.8)

    def _add(self, made: dict[str, object], key: str, schema: object, place: _ValuePlace, *, needed: bool) -> None:
        try:
            made[key] = self.make(schema, place.member(key))
        except Unsatisfiable:
            if needed:
                raise

    def _else(self, flat: Flat, key: str) -> object:
        """Return the schema of a member that `properties` does not name."""
        for pattern, schema in flat.get("patternProperties", {}).items():
            with suppress(ecma_regex.NotUnderstood):
                if ecma_regex.search(pattern, key, self._work):
                    found: object = schema
                    return found
        return flat.get("additionalProperties", True)

    def _fill(self, made: dict[str, object], flat: Flat, place: _ValuePlace) -> dict[str, object]:
        """Add members with names of our own, where the schema is a map or asks for more of them."""
        least = max(flat.get("minProperties", 0), 0)
        if least > _MOST:
            raise _GaveUp
        is_map = not flat.get("properties") and isinstance(flat.get("additionalProperties"), Mapping)
        wanted = max(least, 2 if is_map and not self._must_end(place) else 0)
        wanted = min(wanted, flat.get("maxProperties", wanted))
        for key in flat.get("properties", {}):
            if len(made) < wanted and key not in made:
                self._add(made, key, flat["properties"][key], place, needed=False)
        for _ in range(4 * wanted):
            if len(made) >= wanted:
                break
            self._work.spend(_OF_A_VALUE)
            key = self._key(flat, place)
            if key not in made:
                self._add(made, key, self._else(flat, key), place, needed=False)
        return made

    def _key(self, flat: Flat, place: _ValuePlace) -> str:
        named = flat.get("propertyNames")
        if isinstance(named, Mapping):
            return str(self.make({"type": "string", **named}, _ValuePlace(("word",), (), place.depth + 1)))
        if flat.get("patternProperties"):
            with suppress(ecma_regex.NotUnderstood):
                pattern = self._chance.one(list(flat["patternProperties"]))
                if (drawn := ecma_regex.text_of(pattern, self._chance, work=self._work)) is not None:
                    return drawn
        word = property_values.text_named(property_values.Property(("word",), (), self._topic), self._chance)
        return word if self._chance.holds(0.8) else f"{word}_{self._chance.integer(2, 99)}"

    # Arrays ----------------------------------------------------------------------------------------------------------

    def _array(self, flat: Flat, place: _ValuePlace) -> list[object]:
        items = flat.get("items", True)
        first = list(flat.get("prefixItems", items if isinstance(items, list) else ()))
        others = flat.get("additionalItems", True) if isinstance(items, list) else items
        made = [self.make(schema, place.item()) for schema in first[: flat.get("maxItems", len(first))]]
        if "contains" in flat and len(made) < flat.get("maxItems", len(made) + 1):
            both = {"allOf": [flat["contains"], others]}
            made += [self.make(both, place.item()) for _ in range(flat.get("minContains", 1))]
        return self._more_items(made, others, flat, place)

    def _more_items(self, made: list[object], schema: object, flat: Flat, place: _ValuePlace) -> list[object]:
        least, most = flat.get("minItems", 0), flat.get("maxItems")
        offered = self._offer_items(schema, flat, place)
        wanted = self._length(least, most, place, len(offered))
        if isinstance(flat.get("prefixItems", flat.get("items")), list) and least <= len(made):
            return made
        is_set = bool(flat.get("uniqueItems"))
        known = {key_of(item, self._work) for item in made}
        for _ in range(wanted * (8 if is_set else 1)):
            if len(made) >= wanted or schema is False:
                break
            self._append(made, known, schema, place, needed=len(made) < least, is_set=is_set)
        return made

    def _append(  # noqa: PLR0913 - what there is, and what is wanted
        self, made: _Items, known: set[Hashable], schema: object, place: _ValuePlace, *, needed: bool, is_set: bool
    ) -> None:
        try:
            item = self.make(schema, place.item())
            if isinstance(item, str) and item in known:
                item = self.make(schema, place.item())
        except Unsatisfiable:
            if needed:
                raise
            return
        key = key_of(item, self._work)
        is_new = not is_set or key not in known
        if is_new:
            made.append(item)
            known.add(key)
        # Where the usual range has too few different numbers for a set, the whole one is used.
        self._wide = not is_new

    def _offer_items(self, schema: object, flat: Flat, place: _ValuePlace) -> Sequence[object]:
        if self._source is None or not isinstance(schema, Mapping):
            return ()
        try:
            item = self._schemas.flat(schema)
        except Unsatisfiable:
            return ()
        if "anyOf" in item or "oneOf" in item or "maxItems" in flat or self._acting(item, place) not in _FREE:
            return ()
        return self._offer_kind("items", item, place)

    def _length(self, least: int, most: int | None, place: _ValuePlace, offered: int) -> int:
        if self._must_end(place):
            return least
        usual = offered or (self._chance.integer(2, 4) if place.depth < 2 else self._chance.integer(1, 3))  # noqa: PLR2004
        return max(least, usual if most is None else min(usual, most))

    # Scalars ---------------------------------------------------------------------------------------------------------

    def _string(self, flat: Flat, place: _ValuePlace) -> str:
        shortest, longest = flat.get("minLength", 0), flat.get("maxLength")
        if shortest > _LONGEST:
            raise _GaveUp
        asked = property_values.Property(place.name, place.parent, self._topic)
        if "pattern" in flat:
            return self._matching(flat, asked, shortest, longest)
        if (text := property_values.make_formatted(str(flat.get("format")), asked, self._chance)) is not None:
            return text
        return self._fit_length(property_values.text_named(asked, self._chance), shortest, longest)

    def _matching(self, flat: Flat, asked: property_values.Property, shortest: int, longest: int | None) -> str:
        """Return a plausible text if it happens to match, else one that is drawn from the pattern."""
        pattern = flat["pattern"]
        try:
            plausible = property_values.make_formatted(str(flat.get("format")), asked, self._chance)
            plausible = plausible or property_values.text_named(asked, self._chance)
            is_long_enough = shortest <= len(plausible) and (longest is None or len(plausible) <= longest)
            if is_long_enough and ecma_regex.search(pattern, plausible, self._work):
                return plausible
            others = [part["pattern"] for part in flat.get("allOf", ()) if "pattern" in part]
            drawn = self._draw([pattern, *others], shortest, longest)
        except ecma_regex.NotUnderstood:
            drawn = property_values.text_named(asked, self._chance)
        if drawn is None:
            raise Unsatisfiable(f"no text of that length matches {pattern}")
        return drawn

    def _draw(self, wanted: Sequence[str], shortest: int, longest: int | None) -> str | None:
        """Draw from one pattern; from several, pieces of each one after the other, until all are found in them."""
        if len(wanted) == 1:
            return ecma_regex.text_of(wanted[0], self._chance, shortest, longest, self._work)
        for _ in range(_TRIES):
            text = "".join(
                ecma_regex.text_of(each, self._chance, work=self._work) or ""
                for each in self._chance.some(wanted, len(wanted))
            )
            if shortest <= len(text) <= (longest or len(text)) and all(
                ecma_regex.search(each, text, self._work) for each in wanted
            ):
                return text
        return None

    def _fit_length(self, text: str, shortest: int, longest: int | None) -> str:
        if len(text) < shortest:
            parts, length = [text], len(text)
            while length < shortest:
                parts.append(
                    property_values.text_named(
                        property_values.Property(("description",), (), self._topic), self._chance
                    )
                )
                length += 1 + len(parts[-1])
                self._work.spend(_OF_A_VALUE)
            text = " ".join(parts).strip()
            text = text[: max(shortest, longest or len(text))]
        if longest is not None and len(text) > longest:
            cut = text[:longest]
            shorter = cut.rpartition(" ")[0].rstrip(" ,;:")
            text = shorter if len(shorter) >= max(shortest, 1) else cut
        return text

    def _number(self, flat: Flat, place: _ValuePlace, *, whole: bool) -> float:
        usual = property_values.range_named(property_values.Property(place.name, place.parent, self._topic)) or (
            1,
            100,
            0 if whole else 1,
        )
        usual = (-10_000, 10_000, usual[2]) if self._wide else usual
        return number_within(flat, usual, self._chance, whole=whole)


_NOTHING = 0.15
"""How often a value that may be null is null."""


def _first_group(flat: Flat) -> tuple[Sequence[object] | None, Flat]:
    """Return the next list of ways to choose from, and the schema without it."""
    for word in ("anyOf", "oneOf"):
        groups = flat.get(word)
        if groups:
            rest = {key: value for key, value in flat.items() if key != word}
            return groups[0], {**rest, word: groups[1:]} if groups[1:] else rest
    if "if" in flat:
        rest = {key: value for key, value in flat.items() if key not in ("if", "then", "else")}
        held = {"allOf": [flat["if"], flat.get("then", True)]}
        return [held, flat.get("else", True)], rest
    return None, flat
