"""A result measured again, as its own command says, and compared figure by figure."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from zoo.errors import ZooError

from ..arguments import parse
from ..runner import evaluate
from ..speed.table import aligned, short
from .load import Result

TOLERANCE = 1e-3
FOREIGN = ("-o", "--output", "--plot", "--plot-metric")  # of the recorded run: where it wrote to
DATA = ("listed", "scored", "failed", "source_fingerprint", "fingerprint")


class Figure(NamedTuple):
    """One number of both runs."""

    name: str
    recorded: float | None
    now: float | None

    def agrees(self, tolerance: float) -> bool:
        """Within ``tolerance`` of the recorded value, relative or, near zero, absolute."""
        if self.recorded is None or self.now is None:
            return self.recorded is self.now
        return math.isclose(self.recorded, self.now, rel_tol=tolerance, abs_tol=tolerance)


def rerun(
    result: Result, data: Path, model: str | None = None, more: Sequence[str] = ()
) -> dict[str, Any]:
    """Run the command of a result again on the same data; the new result with its ``rows``.

    ``model`` stands for a recorded checkpoint that was a local folder; words of ``more`` come last
    and so override recorded ones (``--inception PATH``, ``--device cuda``).

    Raises:
        ZooError: for a result that nothing was measured for, and as ``zoo eval``.
    """
    words = [*recorded_words(result, data, model), *more]
    return evaluate(parse(words), None, words)


def recorded_words(result: Result, data: Path, model: str | None = None) -> list[str]:
    """The words after ``zoo eval`` of a result, with this machine's folder and checkpoint.

    Raises:
        ZooError: if the result was not measured by ``zoo eval``, or its checkpoint has to be given.
    """
    if not result.measured:
        raise ZooError(
            f"{result.path}: reported by {result.body['source']['title']}, not measured here"
        )
    program, verb, *words = result.body["run"]["command"]
    if (program, verb) != ("zoo", "eval"):
        raise ZooError(f"{result.path}: made by '{program} {verb}'; expected 'zoo eval'")
    kept, left = [], iter(words)
    for word in left:
        option = word.partition("=")[0]
        if option in FOREIGN or option == "--data":
            if "=" not in word:
                next(left, None)
        elif word != "--json":
            kept.append(word)
    if "NAME" in kept and model is None:
        name = result.body["model"]["name"]
        raise ZooError(f"{result.path}: {name} was a local checkpoint; say which with --model PATH")
    kept = [model if model is not None and word in _names(result) else word for word in kept]
    return [*kept, "--data", str(data)]


def figures(recorded: dict[str, Any], now: dict[str, Any]) -> Iterator[Figure]:
    """Bits and metrics of every recorded quality, beside those of the new run."""
    found = {quality["prefix"]: quality for quality in now["qualities"]}
    for quality in recorded["qualities"]:
        label = "full" if quality["prefix"] is None else str(quality["prefix"])
        other = found.get(quality["prefix"], {})
        for name in ("nominal_bits", "entropy_bits"):
            if name in (quality.get("rate") or {}):
                value = (other.get("rate") or {}).get(name)
                yield Figure(f"{label} {name}", quality["rate"][name], value)
        for name, figure in quality["metrics"].items():
            value = other.get("metrics", {}).get(name, {}).get("value")
            yield Figure(f"{label} {name}", figure["value"], value)


def differences(recorded: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What besides figures is another: then they need not agree."""
    found = [
        f"{key} of the data: {recorded['data'][key]} recorded, {now['data'][key]} now"
        for key in DATA
        if recorded["data"][key] != now["data"][key]
    ]
    if _files(recorded) != _files(now):
        found.append("the checkpoint's files have other hashes")
    for name in ("version", "settings"):
        if recorded["task"][name] != now["task"][name]:
            found.append(f"the task's {name}: {recorded['task'][name]} recorded, now "
                         f"{now['task'][name]}")  # fmt: skip
    return found


def text(found: Sequence[Figure], others: Sequence[str], tolerance: float) -> str:
    """For people; what does not agree is marked."""
    body = [
        (one.name, _short(one.recorded), _short(one.now), "" if one.agrees(tolerance) else "MOVED")
        for one in found
    ]
    table = aligned(("figure", "recorded", "now", ""), body)
    return "\n".join([table, *(f"differs: {one}" for one in others)])


def _names(result: Result) -> tuple[str, ...]:
    return ("NAME", result.body["model"]["name"])


def _files(body: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(file["part"], file["sha256"]) for file in body["model"]["files"]]


def _short(value: float | None) -> str:
    return "-" if value is None else short(value)
