"""``zoo leaderboard build | verify | compare``: result files side by side."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from zoo.commands.parts import outputs

from . import compare as pairs
from .build import build
from .load import load_results, read_result
from .verify import problems


def main(argv: Sequence[str]) -> int:
    """Run one of the verbs; 1 where ``verify`` finds a problem."""
    args = _parser().parse_args(list(argv))
    return args.run(args)


def _build(args: argparse.Namespace) -> int:
    folder = outputs.output_folder(args.output)
    results = load_results(args.results)
    with outputs.writing(folder):
        written = build(results, folder)
    print("\n".join(map(str, written)))
    return 0


def _verify(args: argparse.Namespace) -> int:
    results = [result for result in load_results(args.results) if result.measured]
    found = {str(result.path): problems(result) for result in results}
    if args.json:
        print(json.dumps(found, indent=1))
    else:
        for path, wrong in found.items():
            print("\n".join(f"{path}: {problem}" for problem in wrong) or f"{path}: as it says")
    return 1 if any(found.values()) else 0


def _compare(args: argparse.Namespace) -> int:
    one, other = read_result(args.one), read_result(args.other)
    found = pairs.compare(one, other, args.prefix, args.other_prefix or args.prefix)
    print(json.dumps(found, indent=1) if args.json else pairs.text(found))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zoo leaderboard", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    making = verbs.add_parser("build", help="a page, Markdown and CSV of results")
    making.add_argument("results", nargs="+", type=Path, help="result files and folders of them")
    making.add_argument("-o", "--output", required=True, metavar="DIR")
    making.set_defaults(run=_build)
    checking = verbs.add_parser("verify", help="check results against their samples")
    checking.add_argument("results", nargs="+", type=Path, help="result files and folders of them")
    checking.add_argument("--json", action="store_true")
    checking.set_defaults(run=_verify)
    pairing = verbs.add_parser("compare", help="two tokenizers on the same samples, paired")
    pairing.add_argument("one", type=Path)
    pairing.add_argument("other", type=Path)
    pairing.add_argument("--prefix", default="full", help="the quality of both (full)")
    pairing.add_argument("--other-prefix", metavar="K", help="that of the second")
    pairing.add_argument("--json", action="store_true")
    pairing.set_defaults(run=_compare)
    return parser
