"""JSON as it was read, by its types."""

from collections.abc import Mapping

type JSON = bool | int | float | str | list[JSON] | dict[str, JSON] | None
type JsonObject = Mapping[str, JSON]
