"""Files that are written whole or not at all."""

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

_ONLY_IN_PLACE = frozenset((errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV))
"""Why a temporary file cannot be made next to a file, or cannot replace it: for example, a single mounted file."""


def write_whole(file: Path, content: bytes | str, *, mode: int = 0o666) -> None:
    """Write a file at once, so that nobody reads half of it. Text is written in UTF-8. Raises OSError.

    The draft is a new file with a name that nobody can guess: where others may write to the folder, their links have
    no effect. It has this mode, less the umask. A link with the file's name is replaced, and not followed; a pipe
    or a device is written to.
    """
    raw = content.encode() if isinstance(content, str) else content
    if _is_special(file):
        _write(os.open(file, os.O_WRONLY | os.O_NOFOLLOW), raw)
        return
    try:
        _replace(file, raw, mode)
    except OSError as error:
        if error.errno not in _ONLY_IN_PLACE or not file.is_file() or file.is_symlink():
            raise
        _write(os.open(file, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW), raw)


def _replace(file: Path, content: bytes, mode: int) -> None:
    draft = file.with_name(f".draft-{secrets.token_hex(8)}")
    try:
        _write(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), content)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _write(handle: int, content: bytes) -> None:
    with os.fdopen(handle, "wb", buffering=0) as opened:
        rest = memoryview(content)
        while rest:
            rest = rest[opened.write(rest) :]


def _is_special(file: Path) -> bool:
    with suppress(FileNotFoundError):
        kind = file.lstat().st_mode
        return not (stat.S_ISREG(kind) or stat.S_ISLNK(kind) or stat.S_ISDIR(kind))
    return False
