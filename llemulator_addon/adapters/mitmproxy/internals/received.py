"""A request's body while it arrives."""

from io import BytesIO
from typing import Self, override

from mitmproxy.proxy.utils import ReceiveBuffer


class Received(ReceiveBuffer):
    """A body as far as it has come, in place of mitmproxy's, which has it twice while it puts its pieces together."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._pieces = BytesIO()

    @override
    def __iadd__(self, piece: bytes) -> Self:
        self._pieces.write(piece)
        return self

    @override
    def __len__(self) -> int:
        return self._pieces.tell()

    @override
    def __bytes__(self) -> bytes:
        # All of it is not copied: it is handed over.
        return self._pieces.getvalue()

    @override
    def __bool__(self) -> bool:
        return len(self) > 0

    @override
    def clear(self) -> None:
        """Have nothing."""
        self._pieces = BytesIO()
