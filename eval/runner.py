"""``zoo eval NAME TASK --data DIR``: run a task on a tokenizer and report its figures."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

import zoo
from zoo.commands.parts import outputs
from zoo.commands.parts.loading import load_for
from zoo.errors import MediaError, ZooError

from .arguments import parse
from .plots.curve import draw_curve
from .results.chunk import Chunk, merged
from .results.environment import code, environment
from .results.journal import Journal
from .results.model import model_facts
from .results.result import data_facts, result
from .results.table import table
from .results.writing import part_folder, write
from .samples import Sample, list_samples
from .tasks import Plan, load_task

CHUNK = 16
"""Samples that are measured together: what a killed run loses at most."""


def main(argv: Sequence[str]) -> int:
    """Run one task; prints a table, or the result with ``--json``."""
    args = parse(argv)
    output = None if args.output is None else _output(args.output)
    picture = None if args.plot is None else outputs.output_file(args.plot)
    found = evaluate(args, output, argv)
    if output:
        with outputs.writing(output):
            write(found, output)
    rows = found.pop("rows")
    if picture:
        draw_curve([found], args.plot_metric, picture)
    print(json.dumps(found, indent=1, allow_nan=False) if args.json else table(found))
    if output and not args.json:
        print(f"{output}: the result of {len(rows)} samples")
    return 0


def evaluate(args: argparse.Namespace, output: Path | None, argv: Sequence[str]) -> dict[str, Any]:
    """The result of a run as plain JSON, with the rows of its samples as ``rows``.

    Raises:
        ZooError: for what cannot work, and where no sample at all could be scored.
    """
    started = datetime.now(UTC)
    task, card = load_task(args.task), zoo.card(args.name)
    task.check(card, args)
    samples = list_samples(args.data, card.modality, args.limit, args.shuffle)
    tok = load_for(args, args.name, task.VERB)
    plan = task.plan(tok, args)
    facts = {
        "task": {"name": args.task, "version": task.VERSION, "settings": dict(plan.settings)},
        "code": code(),
        "model": model_facts(tok),
        "environment": environment(args.device),
    }
    folder = None if output is None else part_folder(output)
    names = [sample.id for sample in samples]
    journal = Journal(folder, {**facts, "samples": names, "chunk": CHUNK})
    whole = measure(plan, samples, journal, args.task)
    if not whole.rows:
        first = whole.failures[0]
        raise MediaError(
            f"none of {len(samples)} samples of {args.data} could be scored; "
            f"{first['id']}: {first['reason']}"
        )
    return result(
        started,
        argv,
        args,
        facts,
        data_facts(args, len(samples), whole, card),
        plan,
        whole,
    )


def measure(plan: Plan, samples: Sequence[Sample], journal: Journal, name: str) -> Chunk:
    """Everything about all samples; chunks that the journal has are not measured again."""
    chunks = []
    with tqdm(total=len(samples), desc=name, unit="sample", disable=None) as bar:
        for first in range(0, len(samples), CHUNK):
            some = samples[first : first + CHUNK]
            chunk = journal.read(first // CHUNK)
            if chunk is None:
                chunk = plan.chunk(some, first)
                journal.write(first // CHUNK, chunk)
            chunks.append(chunk)
            bar.update(len(some))
    return merged(chunks)


def _output(name: str) -> Path:
    path = outputs.output_file(name)
    if path.suffix != ".json":
        raise ZooError(f"cannot write {name}: a result is a .json file")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
