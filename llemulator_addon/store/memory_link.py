"""The link of a process that has its sessions in memory: it is alone, so nothing is written."""

from collections.abc import Callable, Hashable, Sequence
from itertools import count

from llemulator_addon.store.link import AnswerQuestion, HearNotice, Held, Lease, LeaseKind


class Meeting:
    """Where links meet. Not a value: it belongs to the event loop."""

    def __init__(self) -> None:
        self.links: dict[str, MemoryLink] = {}
        self.things: dict[tuple[LeaseKind, str], dict[Held, MemoryLink]] = {}
        """The leases of each thing, oldest first, with their holders."""
        self.numbers = count(1)


class MemoryLink:
    """One process among those that meet; usually it is alone."""

    def __init__(self, meeting: Meeting | None = None) -> None:
        self._meeting = meeting or Meeting()
        self._name = str(next(self._meeting.numbers))
        self._meeting.links[self._name] = self
        self.answer: AnswerQuestion | None = None
        self.hear: HearNotice | None = None

    @property
    def name(self) -> str:
        """The name of this process."""
        return self._name

    @property
    def is_shared(self) -> bool:
        """Whether another one has come."""
        return len(self._meeting.links) > 1

    @property
    def is_heard(self) -> bool:
        """Whether another one listens."""
        return self.is_shared and any(other.hear for other in self._others())

    def _others(self) -> list["MemoryLink"]:
        return [link for link in self._meeting.links.values() if link is not self]

    async def hold(self, kind: LeaseKind, of: str, label: str = "", write: Callable[[], str] = str) -> Held:
        """Hold a lease."""
        held = Held(str(next(self._meeting.numbers)), kind, of, label, write() if self.is_shared else "")
        holders = self._meeting.things.setdefault((kind, of), {})
        held.is_first = not holders
        holders[held] = self
        return held

    def let_go(self, held: Held) -> None:
        """End a lease."""
        holders = self._meeting.things.get((held.kind, held.of), {})
        if holders.pop(held, None) is None:
            return
        if not holders:
            del self._meeting.things[held.kind, held.of]
        elif held.is_first:
            next(iter(holders)).note_first()

    async def settle(self) -> None:
        """Do nothing: what was let go is gone."""

    async def list_leases(self, kind: LeaseKind, of: str | None = None) -> Sequence[Lease]:
        """Return the leases of others."""
        if not self.is_shared:
            return ()
        found = [
            Lease(int(held.name), holder.name, thing, held.label, "" if of is None else held.text)
            for (each, thing), holders in self._meeting.things.items()
            for held, holder in holders.items()
            if each == kind and of in {None, thing} and holder is not self
        ]
        return sorted(found)

    async def ask(self, process: str, question: str) -> str | None:
        """Ask another one."""
        link = self._meeting.links.get(process)
        return None if link is None or link.answer is None else await link.answer(question)

    def answer_with(self, answer: AnswerQuestion) -> None:
        """Choose what answers the questions of others."""
        self.answer = answer

    def tell(self, notice: str, replaces: Hashable = None) -> None:  # noqa: ARG002 - it leaves at once
        """Tell those who listen."""
        for other in self._others():
            if other.hear is not None:
                other.hear(notice)

    async def listen(self, hear: HearNotice) -> None:
        """Hear what others tell."""
        self.hear = hear

    def stop_listening(self) -> None:
        """Go on: it costs nothing."""

    async def close(self) -> None:
        """Give up all leases."""
        self._meeting.links.pop(self._name, None)
        for holders in list(self._meeting.things.values()):
            for held in [held for held, holder in holders.items() if holder is self]:
                self.let_go(held)
