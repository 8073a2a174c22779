"""`method`: the HTTP method."""

from dataclasses import dataclass
from typing import Literal, override

from llemulator_addon.script.pattern import Candidate, Pattern

HttpMethod = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


@dataclass(frozen=True, slots=True)
class MethodPattern(Pattern):
    """The HTTP method, in upper case."""

    wanted: HttpMethod

    @override
    def holds(self, asked: Candidate) -> bool:
        """Compare the methods."""
        return asked.request.method == self.wanted

    @override
    def difference(self, asked: Candidate) -> str:
        """Say which method came."""
        return f"method is {self.wanted}, the request's is {asked.request.method}"
