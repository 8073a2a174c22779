"""The `llemulator` command."""

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches

from llemulator_addon import __version__
from llemulator_addon.adapters.commands import COMMANDS
from llemulator_addon.adapters.commands.command import Failed
from llemulator_addon.adapters.terminal import printable

_DEFAULT = next(iter(COMMANDS))
_HELP = "help"
_INTERRUPTED = 130
_NOT_READ = 141
"""The exit codes that a shell gives for SIGINT and for SIGPIPE."""
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say, and return the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = words.pop(0) if words and not words[0].startswith("-") else _DEFAULT
    if name == _HELP:
        # `help` alone, and `help COMMAND`.
        name, words = next((word for word in words if not word.startswith("-")), _DEFAULT), ["--help"]
    if name not in COMMANDS:
        near = get_close_matches(name, (*COMMANDS, _HELP), n=1)
        meant = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join((*COMMANDS, _HELP))}"
        sys.stderr.write(f"llemulator: there is no command {name!r}; {meant}\n")
        return 2
    try:
        status = COMMANDS[name].run(_parser(name).parse_args(words)) or 0
        sys.stdout.flush()
    except Failed as error:
        sys.stderr.write("".join(f"llemulator: {printable(line)}\n" for line in str(error).split("\n")))
        return error.status
    except KeyboardInterrupt:
        # For a server that is how it ends.
        return 0 if name == _DEFAULT else _INTERRUPTED
    except BrokenPipeError:
        # Whoever read has enough, as `head` has.
        _write_no_more()
        return _NOT_READ
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _write_no_more()
        sys.stderr.write(f"llemulator: the standard output cannot be written: {error.strerror}\n")
        return Failed.status
    return status


def _write_no_more() -> None:
    """Python writes what is left when it ends, and would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser(name: str) -> argparse.ArgumentParser:
    command = COMMANDS[name]
    parser = argparse.ArgumentParser(
        prog="llemulator" if name == _DEFAULT else f"llemulator {name}",
        usage=_USAGE if name == _DEFAULT else None,
        description=f"{command.meaning[0].upper()}{command.meaning[1:]}.",
        epilog=_other_commands() if name == _DEFAULT else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"llemulator {__version__}")
    command.add_options(parser)
    return parser


_USAGE = "llemulator [serve] [options]\n       llemulator COMMAND [options]"


def _other_commands() -> str:
    meanings = {name: command.meaning for name, command in COMMANDS.items() if name != _DEFAULT}
    meanings["help COMMAND"] = "show the options of a command"
    return "\n".join(("other commands:", *(f"  llemulator {name:<12} {told}" for name, told in meanings.items())))
