"""Whether the private key of an authority is in nobody's hands but ours.

Anyone who has the key can read the traffic of an application that trusts it. Its file must belong to us or to root, and
others may neither read it nor put another in its place. A group that is root's or our own first one counts as
ourselves: many systems give each person such a group, and let it write.

A mounted key only gives a warning: the volume decides its owner and modes. Kubernetes mounts secrets
with 0644, or 0640 for a pod's `fsGroup`, and gives everybody the right to write to an empty volume of one pod. Root is
warned of another owner, too: in a container, it reads what its user has mounted.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ROOT = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Something that lets others have the key, or give us theirs."""

    file: Path
    what: str
    """Completes "FILE: …"."""
    forbids: bool
    """Whether the key is not to be used; else its user is warned."""


def doubts_about(key: Path) -> Iterator[Doubt]:
    """Yield what speaks against the file of a private key. Raises OSError.

    Nothing does on systems without owners and modes as POSIX has them.
    """
    if os.name != "posix":
        return
    folder = key.parent
    is_mounted = any(map(os.path.ismount, (key, folder))) or bool(os.statvfs(key).f_flag & os.ST_RDONLY)
    us = Us(user=os.geteuid(), group=os.getegid(), is_mounted=is_mounted)
    yield from (Doubt(file=key, what=what, forbids=forbids) for what, forbids in us.doubts_about_key(key.stat()))
    yield from (
        Doubt(file=folder, what=what, forbids=forbids) for what, forbids in us.doubts_about_folder(folder.stat())
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Us:
    """Who asks, and where."""

    user: int
    group: int
    is_mounted: bool

    def doubts_about_key(self, key: os.stat_result) -> Iterator[tuple[str, bool]]:
        """Yield what speaks against a key's file, and whether that forbids its use."""
        if key.st_uid not in {_ROOT, self.user}:
            yield (
                f"belongs to user {key.st_uid}, who can read what your clients send; take a key of your own",
                self._forbids_strangers,
            )
        if key.st_mode & stat.S_IWOTH:
            yield "everybody may write to it; remove it to have a new one made", not self.is_mounted
        elif key.st_mode & stat.S_IROTH:
            yield (
                "everybody may read this private key; `chmod 600` it, remove it to have a new one made",
                not self.is_mounted,
            )
        elif key.st_mode & (stat.S_IRGRP | stat.S_IWGRP) and self._is_strange(key.st_gid):
            yield f"group {key.st_gid} may read this private key; `chmod 600` keeps it to you", False

    def doubts_about_folder(self, folder: os.stat_result) -> Iterator[tuple[str, bool]]:
        """Yield what lets others replace files in a folder, and whether that forbids to use what is there."""
        if self.is_mounted:
            return
        if folder.st_uid not in {_ROOT, self.user}:
            yield (
                f"belongs to user {folder.st_uid}, who can put another key there; make your own",
                self._forbids_strangers,
            )
        if folder.st_mode & stat.S_ISVTX:
            return  # only the owner of a file replaces it
        if folder.st_mode & stat.S_IWOTH:
            yield "everybody may put another key there; `chmod go-w` keeps it to you", True
        elif folder.st_mode & stat.S_IWGRP and self._is_strange(folder.st_gid):
            yield f"group {folder.st_gid} may put another key there; `chmod go-w` keeps it to you", False

    @property
    def _forbids_strangers(self) -> bool:
        return not self.is_mounted and self.user != _ROOT

    def _is_strange(self, group: int) -> bool:
        return group not in {_ROOT, self.group}
