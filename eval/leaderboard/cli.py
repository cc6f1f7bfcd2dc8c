"""``zoo leaderboard show | build | verify | rerun | compare | submit``: what results are for."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from zoo.atomic import atomic_write
from zoo.cards.table import insert_table
from zoo.commands.parts import outputs
from zoo.errors import ZooError

from . import compare as pairs
from .build import build
from .load import Result, load_results, read_result
from .outdated import outdated
from .published import published
from .rerun import TOLERANCE, differences, figures, rerun
from .rerun import text as rerun_text
from .rows import boards
from .submit import submit
from .tables import markdown
from .verify import problems


def main(argv: Sequence[str]) -> int:
    """Run one of the verbs; 1 where ``verify`` or ``rerun`` finds a difference."""
    words = list(argv)
    place = words.index("--") if "--" in words else len(words)
    args = _parser().parse_args(words[:place])
    args.more = words[place + 1 :]
    if args.more and args.run is not _rerun:
        raise ZooError(
            f"-- {' '.join(args.more)}: only 'zoo leaderboard rerun' takes words of eval"
        )
    return args.run(args)


def _show(args: argparse.Namespace) -> int:
    results = [one for one in _results(args) if args.kind in (None, one.body["kind"])]
    text = markdown(boards(results), args.level)
    if args.into is None:
        print(text, end="")
        return 0
    with outputs.writing(args.into), atomic_write(args.into) as temporary:
        old = args.into.read_text(encoding="utf-8")
        temporary.write_text(insert_table(old, text, "leaderboard"), encoding="utf-8")
    return 0


def _build(args: argparse.Namespace) -> int:
    folder = outputs.output_folder(args.output)
    results = _results(args)
    with outputs.writing(folder):
        written = build(results, folder)
    print("\n".join(map(str, written)))
    return 0


def _verify(args: argparse.Namespace) -> int:
    results = [result for result in _results(args) if result.measured]
    found = {str(result.path): problems(result) for result in results}
    if args.current:
        for result in results:
            found[str(result.path)] += [f"outdated: {one}" for one in outdated(result)]
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


def _rerun(args: argparse.Namespace) -> int:
    result = read_result(args.file)
    now = rerun(result, args.data, args.model, args.more)
    found, others = [*figures(result.body, now)], differences(result.body, now)
    moved = [one.name for one in found if not one.agrees(args.tolerance)]
    if args.json:
        rows = [one._asdict() for one in found]
        print(json.dumps({"figures": rows, "moved": moved, "differences": others}, indent=1))
    else:
        print(rerun_text(found, others, args.tolerance))
    return 1 if moved or others else 0


def _submit(args: argparse.Namespace) -> int:
    folder = outputs.output_folder(args.output)
    result = read_result(args.file)
    with outputs.writing(folder):
        written = submit(result, args.dataset, folder, args.source_url)
    print("\n".join(map(str, written)))
    return 0


def _results(args: argparse.Namespace) -> list[Result]:
    return load_results(args.results) if args.results else published()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zoo leaderboard", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    results = "result files and folders of them (those that come with the package)"
    showing = verbs.add_parser("show", help="print results as Markdown")
    showing.add_argument("results", nargs="*", type=Path, help=results)
    showing.add_argument("--kind", choices=("measured", "reported"), help="one of the two (both)")
    showing.add_argument("--level", type=int, default=2, metavar="N", help="of headings (2)")
    showing.add_argument(
        "--into",
        type=Path,
        metavar="FILE.md",
        help="write it between the lines <!-- leaderboard: begin --> and end of this file",
    )
    showing.set_defaults(run=_show)
    making = verbs.add_parser("build", help="a page, Markdown and CSV of results")
    making.add_argument("results", nargs="*", type=Path, help=results)
    making.add_argument("-o", "--output", required=True, metavar="DIR")
    making.set_defaults(run=_build)
    checking = verbs.add_parser("verify", help="check results against their samples")
    checking.add_argument("results", nargs="*", type=Path, help=results)
    checking.add_argument(
        "--current", action="store_true", help="also whether task, weights and ids are still these"
    )
    checking.add_argument("--json", action="store_true")
    checking.set_defaults(run=_verify)
    again = verbs.add_parser(
        "rerun",
        help="measure a result again and compare",
        epilog="Words behind -- go to 'zoo eval' and override recorded ones, as in -- --device cuda.",
    )
    again.add_argument("file", type=Path)
    again.add_argument("--data", required=True, type=Path, help="the folder or tar it was made of")
    again.add_argument("--model", metavar="PATH", help="the checkpoint, where it was a local one")
    again.add_argument(
        "--tolerance", type=float, default=TOLERANCE, help=f"relative, or absolute ({TOLERANCE})"
    )
    again.add_argument("--json", action="store_true")
    again.set_defaults(run=_rerun)
    giving = verbs.add_parser("submit", help="write the forms of the Hugging Face Hub")
    giving.add_argument("file", type=Path)
    giving.add_argument("--dataset", required=True, metavar="OWNER/NAME", help="on the Hub")
    giving.add_argument("--source-url", metavar="URL", help="where the result file can be read")
    giving.add_argument("-o", "--output", required=True, metavar="DIR")
    giving.set_defaults(run=_submit)
    pairing = verbs.add_parser("compare", help="two tokenizers on the same samples, paired")
    pairing.add_argument("one", type=Path)
    pairing.add_argument("other", type=Path)
    pairing.add_argument("--prefix", default="full", help="the quality of both (full)")
    pairing.add_argument("--other-prefix", metavar="K", help="that of the second")
    pairing.add_argument("--json", action="store_true")
    pairing.set_defaults(run=_compare)
    return parser
