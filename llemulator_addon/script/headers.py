"""Headers that a script gives to an answer."""

from typing import Annotated

from pydantic import Field

_NAME = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
_VALUE = "^[\t\\x20-\\x7e\x80-\xff]*$"

HeaderMap = dict[Annotated[str, Field(pattern=_NAME)], Annotated[str, Field(pattern=_VALUE)]]
"""Names and values that HTTP can carry (RFC 9110, section 5)."""
