"""``zoo ...``: the command line. What it can do stands in ``zoo.commands``, a module per command.

Exit codes: 0 done, 1 failed (one line on stderr; with ``--json`` an ``error`` object on stdout
too), 2 a command line that makes no sense, 130 interrupted, 141 nobody reads the output.
"""

import argparse
import difflib
import json
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from io import TextIOWrapper

from .commands import COMMANDS
from .commands.forward import FORWARDED, forward, is_here
from .errors import ZooError
from .version import __version__

FAILED, USAGE, INTERRUPTED, PIPE_CLOSED = 1, 2, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; ``argv`` None is what the shell gave."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a file name may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    debug = "--debug" in words
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            code = _guarded(lambda: _run(words), debug, "--json" in words)
        sys.stdout.flush()
        return code
    except OSError as error:  # stdout itself cannot be written
        # Python flushes it once more when it ends: give it a place where that works.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return PIPE_CLOSED
        print(f"zoo: error: the output cannot be written: {error.strerror}", file=sys.stderr)
        return FAILED


def _run(words: list[str]) -> int:
    """Find the command, parse what is its own, run it."""
    place = next((i for i, word in enumerate(words) if not word.startswith("-")), len(words))
    top = _top_parser()
    top.parse_args(words[:place])
    if place == len(words):
        top.print_help(sys.stderr)
        return USAGE
    name, rest = words[place], words[place + 1 :]
    if name in FORWARDED:
        return forward(name, [word for word in rest if word != "--debug"])
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, [*COMMANDS, *FORWARDED], 1)
        hint = f"did you mean {near[0]!r}?" if near else "see zoo --help"
        top.error(f"there is no command {name!r}; {hint}")
    command = import_module(_module(name), __package__)
    parser = argparse.ArgumentParser(
        prog=f"zoo {name}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    # Intermixed: files may stand before and behind options.
    return command.run(parser.parse_intermixed_args(_without_separator(rest))) or 0


def _module(command: str) -> str:
    return f".commands.{command.replace('-', '_')}"


def _top_parser() -> argparse.ArgumentParser:
    lines = [(name, import_module(_module(name), __package__).SUMMARY) for name in COMMANDS]
    lines += [(name, summary) for name, (_, summary) in FORWARDED.items() if is_here(name)]
    parser = argparse.ArgumentParser(
        prog="zoo",
        usage="zoo [--version] [--help] COMMAND ...",
        description="Every visual and audio tokenizer behind the same two verbs.",
        epilog="commands:\n"
        + "".join(f"  {name:<12} {summary}\n" for name, summary in lines)
        + "\n'zoo COMMAND --help' explains one of them.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"zoo {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _without_separator(words: list[str]) -> list[str]:
    """``--`` taken out: what follows is a path, also where it begins with a dash."""
    if "--" not in words:
        return words
    place = words.index("--")
    paths = [
        os.path.join(os.curdir, word) if word.startswith("-") else word
        for word in words[place + 1 :]
    ]
    return words[:place] + paths


def _guarded(run: Callable[[], int], debug: bool, as_json: bool) -> int:
    """The exit code of ``run``, whatever it raises."""
    try:
        return run()
    except SystemExit as error:  # argparse: --help, --version, usage
        return error.code if isinstance(error.code, int) else USAGE if error.code else 0
    except KeyboardInterrupt:
        print("zoo: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # a user gets one line, whatever happened
        if debug:
            traceback.print_exc()
        message = _message(error)
        if as_json:
            kind = type(error).__name__
            print(json.dumps({"error": {"type": kind, "message": message}}))
        print(f"zoo: error: {message}", file=sys.stderr)
        return FAILED


def _message(error: Exception) -> str:
    text = str(error).strip()
    if isinstance(error, ZooError) and text:
        return text
    if isinstance(error, OSError) and error.strerror:
        place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        return f"{place}{error.strerror}"
    first = text.splitlines()[0] if text else "no message"
    return f"{type(error).__name__}: {first} (--debug shows where)"


def _show_warning(message: object, *place: object, **more: object) -> None:
    print(f"zoo: warning: {message}", file=sys.stderr)
