"""The places that were changed in a part of a session, for a store that writes only those."""

from typing import NamedTuple

from rpds import List


class Changes(NamedTuple):
    """The places that were changed since a store read or wrote the session.

    A store that writes differences puts one into each part, and every change adds its place; None in its stead costs
    nothing, and means that nobody asks.
    """

    since: int
    """The version of the session that was read or written."""
    places: "List[tuple[str, int | str]]" = List()
    """Kind and number or name, the newest first; a place may be there several times."""

    def add(self, kind: str, place: int | str) -> "Changes":
        """Note one more place."""
        return Changes(self.since, self.places.push_front((kind, place)))
