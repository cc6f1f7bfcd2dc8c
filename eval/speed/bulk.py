"""``zoo bench tokenize NAME --data DIR``: where the time of a bulk job goes.

Four measurements of the same items in one process: reading and preparing alone, the model alone
on what was prepared, ``zoo tokenize`` on the source, and ``zoo tokenize`` on prepared arrays (so
that decoding is free). CPU-seconds compare on a shared machine, wall time only on a quiet one.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import torch

import zoo
from zoo.bulk.feed import Feed
from zoo.bulk.guard import Guard
from zoo.bulk.job import Job
from zoo.bulk.local import run_local
from zoo.bulk.manifest import Manifest, write_manifest
from zoo.bulk.resources import Resources
from zoo.bulk.sources import Entry, Shard, Source, open_source
from zoo.commands.parts.arguments import key_value, positive
from zoo.commands.parts.loading import read_options
from zoo.loading import load_random
from zoo.media import Media, Prepared
from zoo.tokenizer import Tokenizer

from .machine import machine_facts
from .memory import PeakMemory
from .table import aligned, short


def main(argv: list[str]) -> int:
    """Measure and print; 0 when done."""
    parser = argparse.ArgumentParser(prog="zoo bench tokenize", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--data", required=True, help="as SOURCE of zoo tokenize")
    parser.add_argument("--limit", type=positive, default=512, help="items (default 512)")
    parser.add_argument("--workers", type=positive, help="threads that read")
    parser.add_argument("--threads", type=positive, help="of the model")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--random-weights", action="store_true")
    parser.add_argument("--option", type=key_value, action="append", default=[], dest="options")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    if args.threads:
        torch.set_num_threads(args.threads)
    report = measure(args)
    print(json.dumps(report, indent=1) if args.json else _text(report))
    return 0


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """All figures, as plain JSON."""
    started = time.perf_counter()
    load: Callable[..., Tokenizer] = load_random if args.random_weights else zoo.load
    tok = load(args.name, device=args.device)
    loading = time.perf_counter() - started
    options = read_options(tok, args.options, ["encode"])["encode"]
    source = open_source(args.data, tok.modality)
    resources = Resources(device=args.device, workers=args.workers)
    with TemporaryDirectory(prefix="zoo-bench-") as scratch:
        manifest = _manifest(source, Path(scratch), args.limit)
        figures: dict[str, Any] = {}
        with _timed(figures, "prepare", manifest.items):
            prepared = _prepare_all(tok, source, manifest, options, args.workers)
        _, for_model = tok.split_options(options)
        tok.encode_prepared(prepared[:16], **for_model)  # what is allocated once is not counted
        with _timed(figures, "model", len(prepared)):
            for start in range(0, len(prepared), 256):
                tok.encode_prepared(prepared[start : start + 256], **for_model)
        with _timed(figures, "tokenize", manifest.items), PeakMemory(args.device) as peak:
            first = _run(tok, args, manifest, source, options, Path(scratch, "real"), resources)
        held = MemorySource("memory", tok.modality, tok.sample_rate)
        MemorySource.items = [one.tensor for one in prepared]
        listing = _manifest(held, Path(scratch, "held"), None)
        with _timed(figures, "tokenize_free", listing.items):
            _run(tok, args, listing, held, for_model, Path(scratch, "free"), resources)
        MemorySource.items = []
    cost = {name: figures[name]["cpu_seconds"] / figures[name]["items"] for name in figures}
    return {
        "name": tok.name,
        "items": manifest.items,
        "loading_seconds": round(loading, 3),
        "first_unit_seconds": round(first, 3),
        "figures": figures,
        "share_of_prepare_and_model": (cost["prepare"] + cost["model"]) / cost["tokenize"],
        "share_of_model": cost["model"] / cost["tokenize_free"],
        "memory": peak.to_dict(),
        "machine": machine_facts(args.device),
    }


@dataclass(frozen=True)
class MemorySource(Source):
    """What was prepared already: reading costs nothing."""

    kind: ClassVar[str] = "memory"
    items: ClassVar[list[torch.Tensor]] = []
    rate: int | None = None

    def shards(self) -> list[Shard]:
        """One, of unknown size."""
        return [Shard("memory", -1)]

    def entries(self, shard: Shard) -> Iterator[Entry]:
        """One per tensor."""
        return (Entry(f"{row:09}", "memory", row) for row in range(len(self.items)))

    def read(self, entry: Entry) -> object:
        """The tensor."""
        return Media(self.modality, [self.items[entry.start]], rate=self.rate)


def _manifest(source: Source, folder: Path, limit: int | None) -> Manifest:
    folder.mkdir(parents=True, exist_ok=True)
    write_manifest(source, folder / "manifest.parquet", limit=limit)
    return Manifest(folder / "manifest.parquet", 256)


def _prepare_all(
    tok: Tokenizer, source: Source, manifest: Manifest, options: Any, workers: int | None
) -> list[Prepared]:
    for_prepare, _ = tok.split_options(options)
    feed = Feed(source, Guard(manifest.shards), tok.prepare, for_prepare, workers=workers)
    units = ((unit, manifest.entries(unit)) for unit in range(manifest.units))
    found = [one for _, items in feed.run(units) for _, one in items]
    return [one for one in found if isinstance(one, Prepared)]


def _run(
    tok: Tokenizer,
    args: argparse.Namespace,
    manifest: Manifest,
    source: Source,
    options: Any,
    folder: Path,
    resources: Resources,
) -> float:
    """Do all units; seconds until the first was written."""
    folder.mkdir()
    job = Job.plan(args.name, source.place, options=options)
    started, first = time.perf_counter(), 0.0
    for record in run_local(tok, job, folder, manifest, source, range(manifest.units), resources):
        first = first or time.perf_counter() - started - record.seconds
    return first


@contextmanager
def _timed(figures: dict[str, Any], name: str, items: int) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    figures[name] = {
        "items": items,
        "seconds": round(wall, 4),
        "cpu_seconds": round(cpu, 4),
        "items_per_cpu_second": round(items / cpu, 2),
        "items_per_second": round(items / wall, 2),
    }


def _text(report: dict[str, Any]) -> str:
    names = {
        "prepare": "read and prepare alone",
        "model": "model alone",
        "tokenize": "zoo tokenize",
        "tokenize_free": "zoo tokenize, decoding free",
    }
    rows = [
        [
            words,
            short(report["figures"][name]["items_per_cpu_second"]),
            short(report["figures"][name]["items_per_second"]),
        ]
        for name, words in names.items()
    ]
    return "\n".join(
        [
            f"{report['name']}, {report['items']} items",
            aligned(["", "items / CPU-s", "items / s"], rows),
            f"of preparing and model together: {report['share_of_prepare_and_model']:.1%}",
            f"of the model alone, decoding free: {report['share_of_model']:.1%}",
            f"model loaded in {report['loading_seconds']} s, then the first unit's first items "
            f"after {report['first_unit_seconds']} s",
            f"peak memory {report['memory']['peak_mib']} MiB, of it for the job "
            f"{report['memory']['work_mib']} MiB",
        ]
    )
