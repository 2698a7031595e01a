"""The command line: words to the arguments of one step; only here does an InputError become exit 2."""

from __future__ import annotations

import argparse
import errno
import gc
import sys
from collections.abc import Sequence

from ablkd.commands import COMMANDS, OPTIONS, PATH
from ablkd.errors import InputError


def parser() -> argparse.ArgumentParser:
    """The parser of every subcommand."""
    top = argparse.ArgumentParser(
        prog="ablkd",
        description="Kinase-domain mutations, compounds and exon skipping from amplicon and Sanger reads. "
        "Each step reads and writes only the files named on its command line.",
    )
    top.add_argument("--version", action="store_true", help="print the version and stop")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=command.does,
            description=f"{command.does[0].upper()}{command.does[1:]}.",
            epilog=f"example:\n  {command.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        if command.place:
            place, text, default = command.place
            kind = OPTIONS.get(place, PATH).get("type", str)
            sub.add_argument(place, type=kind, help=text, nargs="?" if default else None, default=default)
        for option in command.needs.split():
            sub.add_argument(_flag(option), required=True, **OPTIONS[option])
        for option in command.takes.split():
            sub.add_argument(_flag(option), **OPTIONS[option])
    return top


def _flag(option: str) -> str:
    return "--" + option.replace("_", "-")


def main(words: Sequence[str] | None = None) -> int:
    """Run a subcommand. 0 done, 2 what a person gave is wrong; a bug keeps its traceback and is 1."""
    # A step imports for as long as it works, and looking for garbage among what it imports took a fifth of that.
    gc.set_threshold(100_000)
    top = parser()
    arguments = vars(top.parse_args(words))
    command = arguments.pop("command")
    if arguments.pop("version"):
        from ablkd import __version__

        print(__version__)
        return 0
    if command is None:
        top.print_help()
        return 2
    from ablkd import steps

    try:
        getattr(steps, command)(**arguments)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(
            f"ablkd {command}: {error.strerror} (make room, also where numba keeps what it compiles: NUMBA_CACHE_DIR, "
            "XDG_CACHE_HOME or ~/.cache)",
            file=sys.stderr,
        )
        return 2
    except MemoryError:
        print(f"ablkd {command}: the memory did not suffice (allow it more, or fewer jobs at once)", file=sys.stderr)
        return 2
    return 0
