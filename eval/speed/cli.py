"""``zoo bench``: plan the measurements, run each in a fresh process, show the results.

``zoo bench tokenize`` is about bulk jobs instead: see ``bulk``.
"""

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from zoo import __version__
from zoo.registry import find

from .arguments import parse
from .job import Job
from .launch import in_fresh_process
from .report import text


def main(argv: list[str]) -> int:
    """Run ``zoo bench`` with these words; 0 when done.

    Raises:
        ZooError: whatever stopped a measurement.
    """
    if argv[:1] == ["tokenize"]:
        from .bulk import main as bulk

        return bulk(argv[1:])
    given = parse(argv)
    report = bench(given)
    print(json.dumps(report, indent=2) if given.json else text(report))
    return 0


def bench(given: argparse.Namespace) -> dict[str, Any]:
    """All results of one call, as one JSON object."""
    for name in filter(None, (given.name, given.against)):
        find(name)  # an unknown name fails here, before a process starts and loads torch
    said: set[str] = set()
    report: dict[str, Any] = {
        "zoo": __version__,
        "name": given.name,
        "settings": settings(given),
        "machine": {},
        "verbs": [],
        "skipped": [],
        "parts": [],
        "agreement": None,
        "against": [],
    }
    if given.agreement:
        _say(f"{given.agreement} against float32")
        found = in_fresh_process(_job(given, "agreement", max(given.batch)), said)
        report["machine"], report["name"] = found.pop("machine"), found.pop("checkpoint")
        report["agreement"] = found
    for batch in [] if given.agreement else given.batch:
        if given.against:
            _say(f"{given.name} and {given.against} in turns, batch {batch}")
            found = in_fresh_process(_job(given, "against", batch), said)
            report["against"] += found.pop("against")
            report["skipped"] += [one for one in found["skipped"] if one not in report["skipped"]]
        elif given.parts:
            _say(f"parts, batch {batch}")
            found = in_fresh_process(_job(given, "parts", batch), said)
            report["parts"] += found.pop("parts")
        else:
            found = _verbs(given, batch, said, report)
        report["machine"] = found.get("machine", report["machine"])
        report["name"] = found.get("checkpoint", report["name"])
    return report


def settings(given: argparse.Namespace) -> dict[str, Any]:
    """What the results depend on besides the checkpoint and the machine."""
    names = (
        "random_weights",
        "prefix",
        "repeat",
        "threads",
        "device",
        "dtype",
        "compile",
        "seed",
        "seconds",
    )
    return {name: getattr(given, name) for name in names} | {"options": dict(given.option)}


def _verbs(
    given: argparse.Namespace, batch: int, said: set[str], report: dict[str, Any]
) -> dict[str, Any]:
    """Encode, then decode what it gave."""
    found: dict[str, Any] = {}
    with TemporaryDirectory(prefix="zoo-bench-") as folder:
        tokens = Path(folder, "tokens.safetensors")
        for verb in (given.only,) if given.only else ("encode", "decode"):
            _say(f"{verb}, batch {batch}")
            path = str(tokens) if tokens.exists() or verb == "encode" else None
            result = in_fresh_process(_job(given, verb, batch, path), said)
            if "skipped" in result:
                if result["skipped"] not in report["skipped"]:
                    report["skipped"].append(result["skipped"])
                continue
            found = {key: result.pop(key) for key in ("machine", "checkpoint")}
            report["verbs"].append({"verb": verb, **result})
    return found


def _job(given: argparse.Namespace, kind: str, batch: int, tokens: str | None = None) -> Job:
    plain = settings(given)
    return Job(
        kind=kind,
        name=given.name,
        batch=batch,
        tokens=tokens,
        other_dtype=given.agreement or "bfloat16",
        images=given.images,
        limit=given.limit,
        only=given.only,
        against=given.against,
        other=dict(given.other),
        **plain,
    )


def _say(step: str) -> None:
    """Tell someone who waits at a terminal what is being measured."""
    if sys.stderr.isatty():
        print(f"zoo bench: {step} ...", file=sys.stderr)
