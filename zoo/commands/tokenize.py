"""Tokenize a whole data set into Parquet files; run it again to go on where it stopped.

  zoo tokenize photos/ tokens/ --model flextok-tiny
  zoo tokenize shards/ tokens/ --model flextok --device cuda --prefix 64
  zoo tokenize s3://bucket/talks tokens/ --model mimi --engine ray --actors 8 --gpus 1

SOURCE is a folder, a .txt list of files, WebDataset tar shards, Parquet or Arrow files, or
hf-dataset:owner/name; local, or any address that fsspec knows. Every item is there exactly once,
whenever this was killed. What cannot be read becomes a row of errors. Exit code 3: done, with
errors.
"""

import argparse
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ZooError
from ..registry import find
from .parts.arguments import NAME_HELP, add_model_arguments, positive, rate
from .parts.text import number, sheet, size, tell

if TYPE_CHECKING:
    from ..bulk.job import Job
    from ..bulk.run import Summary
    from ..tokenizer import Tokenizer

SUMMARY = "a whole data set -> Parquet files of tokens"
WITH_ERRORS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("source", help="where the media are")
    parser.add_argument("out", help="folder for the tokens; made if it is not there")
    parser.add_argument("--model", required=True, metavar="NAME", help=NAME_HELP)
    quality = parser.add_mutually_exclusive_group()
    quality.add_argument("--prefix", type=positive, metavar="K", help="see 'zoo show NAME'")
    quality.add_argument("--bitrate", type=rate, metavar="B", help="quality, as bits per second")
    parser.add_argument("--seed", type=int, default=0, help="for options that draw random numbers")
    parser.add_argument("--limit", type=positive, metavar="N", help="the first N items only")
    parser.add_argument(
        "--unit", type=positive, default=1024, metavar="N", help="items per file (default 1024)"
    )
    parser.add_argument("--packed", action="store_true", help="ids bit by bit, for us only")
    parser.add_argument(
        "--export",
        action="append",
        default=[],
        metavar="FORM",
        help="npy, webdataset or megatron as well, into OUT/FORM; may be repeated",
    )
    parser.add_argument(
        "--retry-errors", action="store_true", help="try items again that could not be read before"
    )
    parser.add_argument("--dry-run", action="store_true", help="list, count and estimate only")
    reading = parser.add_argument_group("reading")
    reading.add_argument(
        "--kind", choices=("folder", "list", "tar", "table", "dataset"), help="what SOURCE is"
    )
    reading.add_argument("--column", help="of a table: the one with the media")
    reading.add_argument("--key-column", help="of a table: the one with the items' names")
    reading.add_argument("--workers", type=positive, metavar="N", help="threads that read")
    cluster = parser.add_argument_group("several processes and machines")
    cluster.add_argument("--rank", type=int, default=None, help="of this process (default $RANK)")
    cluster.add_argument("--world", type=int, default=None, help="processes (default $WORLD_SIZE)")
    cluster.add_argument("--engine", choices=("local", "ray"), default="local")
    cluster.add_argument("--address", help="of a Ray cluster")
    cluster.add_argument("--actors", type=positive, default=1, help="models that Ray runs")
    cluster.add_argument("--gpus", type=float, default=0, help="per actor")
    cluster.add_argument("--cores", type=float, default=1, help="per actor")
    add_model_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """List, tokenize what is missing, and say what is there."""
    if "://" in args.out:
        raise ZooError(f"{args.out}: tokens are written to a folder of this machine; copy them on")
    if Path(args.out).is_file():
        raise ZooError(f"{args.out} is a file; name a folder")
    job = _job(args)
    from ..bulk.dataset import TokenDataset
    from ..bulk.export.forms import check_form, export
    from ..bulk.resources import Resources
    from ..bulk.run import tokenize

    for form in args.export:
        check_form(form)
    if args.dry_run:
        return _dry_run(args, job)
    resources = Resources(
        engine=args.engine,
        device=_own_device(args.device),
        workers=args.workers,
        batch_size=args.batch_size,
        rank=_from_environment(args.rank, "RANK", 0),
        world=_from_environment(args.world, "WORLD_SIZE", 1),
        address=args.address,
        actors=args.actors,
        gpus=args.gpus,
        cores=args.cores,
    )
    shown = sys.stderr.isatty()
    summary = tokenize(
        job,
        Path(args.out),
        resources,
        retry_errors=args.retry_errors,
        progress=shown,
        as_json=args.json,
    )
    if args.export and summary.complete:
        data = TokenDataset(args.out)
        for form in args.export:
            export(data, form, Path(args.out) / form)
    tell(
        args, _sheet(args.out, summary), {"model": job.model, "output": args.out} | _facts(summary)
    )
    return WITH_ERRORS if summary.complete and summary.errors else 0


def _job(args: argparse.Namespace) -> "Job":
    """The job, with everything checked that needs no weights."""
    from ..bulk.job import Job
    from ..engine.checks import chosen_prefix, need_verb
    from .parts.loading import read_options, without_weights

    card = find(args.model)
    plan = without_weights(card)
    need_verb(plan, "encode")
    return Job.plan(
        args.model,
        args.source,
        kind=args.kind,
        column=args.column,
        key_column=args.key_column,
        prefix=chosen_prefix(plan, args.prefix, args.bitrate),
        options=read_options(plan, args.options, ["encode"])["encode"],
        dtype=args.dtype or "float32",
        seed=args.seed,
        unit_size=args.unit,
        packed=args.packed,
        limit=args.limit,
    )


def _dry_run(args: argparse.Namespace, job: "Job") -> int:
    """Counts, and bits where every item has the same; nothing is written."""
    import tempfile

    from ..bulk.manifest import Manifest, write_manifest
    from ..bulk.opening import source_of
    from .parts.loading import without_weights

    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "manifest.parquet"
        write_manifest(source_of(job), path, limit=job.limit, progress=sys.stderr.isatty())
        manifest = Manifest(path, job.unit_size)
    bits = _bits_per_item(without_weights(find(job.model)), job.prefix)
    total = None if bits is None else manifest.items * bits
    facts: dict[str, Any] = {
        "items": manifest.items,
        "files": manifest.files,
        "source_bytes": manifest.bytes,
        "units": manifest.units,
        "bits_per_item": bits,
        "expected_bytes": None if total is None else int(total / 8),
    }
    expected = "depends on how long the items are"
    if total is not None:
        expected = f"about {size(int(total / 8))} of ids, {number(bits or 0)} bits an item"
    text = sheet(
        [
            ("items", f"{manifest.items} in {manifest.files} files"),
            ("units", f"{manifest.units} of {job.unit_size}"),
            ("expected", expected),
        ]
    )
    tell(args, text, facts)
    return 0


def _bits_per_item(tok: "Tokenizer", prefix: int | None) -> float | None:
    """Nominal bits, where every item has as many positions."""
    if tok.positions is None:
        return None
    if not tok.prefixes:
        return tok.positions * tok.spec.bits_per_position
    return tok.prefixes[prefix or max(tok.prefixes)]


def _from_environment(given: int | None, name: str, usual: int) -> int:
    """A flag, or what torchrun and most launchers set."""
    return given if given is not None else int(os.environ.get(name) or usual)


def _own_device(given: str) -> str:
    """Of several processes on one machine, each takes the GPU of its number."""
    number = os.environ.get("LOCAL_RANK")
    return f"cuda:{number}" if given == "cuda" and number else given


def _facts(summary: "Summary") -> dict[str, Any]:
    return asdict(summary) | {"complete": summary.complete}


def _sheet(out: str, summary: "Summary") -> str:
    state = (
        "complete"
        if summary.complete
        else (f"{summary.units_done} of {summary.units} units; run it again to go on")
    )
    errors = (
        f"{summary.errors} items have none; see {out}/errors, or --retry-errors"
        if summary.errors
        else ""
    )
    return f"{out}: {state}\n" + sheet(
        [
            ("tokens", f"{summary.rows} items, {summary.ids} ids, {size(summary.bytes)}"),
            ("bits", f"{summary.bits:.0f} ({size(int(summary.bits / 8))})"),
            ("errors", errors),
        ]
    )
