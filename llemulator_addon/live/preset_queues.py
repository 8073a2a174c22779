"""Which clients are answered from the queues of their addresses, whatever token they send."""

from llemulator_addon.engine.session import Session
from llemulator_addon.wire.credentials import is_address


class QueuedAddresses:
    """Not a value: it belongs to the event loop. An address has a queue once somebody filled it, or all have one."""

    def __init__(self, *, all_addresses: bool = False) -> None:
        self.all_addresses = all_addresses
        self._filled: set[str] = set()

    def serves(self, address: str) -> bool:
        """Whether the requests of an address are answered from its queue."""
        return address in self._filled or (self.all_addresses and bool(address))

    def note_filled(self, address: str) -> None:
        """Serve an address from now on."""
        self._filled.add(address)

    def note_cleared(self, address: str) -> None:
        """Serve an address no longer, unless all are."""
        self._filled.discard(address)

    def is_changed(self, before: Session, after: Session) -> bool:
        """Whether a request used up an answer of a queue."""
        name = before.key.name
        return before.progress is not after.progress and is_address(name) and self.serves(name)
