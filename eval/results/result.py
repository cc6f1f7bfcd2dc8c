"""The result of a run, assembled: schema ``zoo-results/1``."""

import argparse
import hashlib
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from zoo.cards import Card

from ..speed.memory import highest
from ..tasks.task import Plan
from .chunk import Chunk
from .fingerprint import fingerprint

SCHEMA = "zoo-results/1"
PLACE = re.compile(r"^(|--[\w-]+=|hf:|--features=hf:)([/~]|[A-Za-z]:[/\\]).*")
"""A word with an absolute path of some machine."""


def result(
    started: datetime,
    argv: Sequence[str],
    args: argparse.Namespace,
    facts: Mapping[str, Any],
    data: Mapping[str, Any],
    plan: Plan,
    whole: Chunk,
) -> dict[str, Any]:
    """All of it as plain JSON, never rounded; ``rows`` go to a file of their own.

    ``run.id`` is a hash of everything but times and speeds: the same run has the same id.
    """
    body = {
        **facts,
        "data": data,
        "skipped": list(plan.skipped),
        **plan.figures(whole),
    }
    lasting = {name: body[name] for name in ("task", "model", "data", "code")}
    return {
        "schema": SCHEMA,
        "kind": "measured",
        "run": {
            "id": _digest(lasting)[:16],
            "started_at": started.isoformat(timespec="seconds"),
            "seconds": time.time() - started.timestamp(),
            "command": command(argv, args),
            "peak_mib": highest(args.device),
        },
        **body,
        "rows": whole.rows,
    }


def data_facts(args: argparse.Namespace, listed: int, whole: Chunk, card: Card) -> dict[str, Any]:
    """Which data, as they were stored and as the model saw them, and what failed."""
    ids = [row["id"] for row in whole.rows]
    return {
        "name": args.data_name or args.data.resolve().name,
        "limit": args.limit,
        "shuffle": args.shuffle,
        "listed": listed,
        "scored": len(ids),
        "failed": listed - len(ids),
        "failures": whole.failures,
        "preprocessing": json.loads(json.dumps(asdict(card.input))),
        "fingerprint": fingerprint((row["id"], row["seen_sha256"]) for row in whole.rows),
        "source_fingerprint": fingerprint((row["id"], row["data_sha256"]) for row in whole.rows),
    }


def command(argv: Sequence[str], args: argparse.Namespace) -> list[str]:
    """The words to run it again, without this machine's folders: ``PATH`` stands for others."""
    words = ["zoo", "eval", *argv]
    stand_ins = {"--data": "DIR", "-o": "FILE", "--output": "FILE", "--plot": "FILE"}
    for option, stand_in in stand_ins.items():
        for place, word in enumerate(words):
            if word == option and place + 1 < len(words):
                words[place + 1] = stand_in
            elif word.startswith(f"{option}="):
                words[place] = f"{option}={stand_in}"
    words = ["NAME" if word == args.name and "/" in word else word for word in words]
    return [PLACE.sub(r"\1PATH", word) for word in words]


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
