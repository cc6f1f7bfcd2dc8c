"""Where a row comes from, in words: who measured what with which code, or who says so."""

import shlex
from typing import Any

from .load import Result
from .rows import Board


def origin(result: Result) -> str:
    """A line about a result: its command, code, machine and date; or the source that it quotes."""
    body = result.body
    if not result.measured:
        note = f"; {body['source']['note']}" if body["source"].get("note") else ""
        return f"{body['source']['title']}, read on {body['source']['read']}{note}"
    return (
        f"{shlex.join(body['run']['command'])}: {_code(body['code'])}, {_machine(body)}, "
        f"{body['run']['started_at'][:10]}, samples {body['data']['fingerprint'][:12]}"
    )


def metric_settings(board: Board) -> dict[str, str]:
    """By column, what its metric depends on: settings, implementation, weights."""
    found: dict[str, str] = {}
    for row in board.rows:
        for name in board.metrics:
            if name not in found and row.get(f"{name}/settings"):
                found[name] = _words(row[f"{name}/settings"])
    return found


def _code(code: dict[str, Any]) -> str:
    commit = f" at {code['commit'][:10]}" if code.get("commit") else ""
    return f"zoo {code['zoo']}{commit}{' with changes' if code.get('dirty') else ''}"


def _machine(body: dict[str, Any]) -> str:
    packages = body["environment"]["packages"]
    return f"{body['environment']['device_name']}, torch {packages['torch']}"


def _words(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())
