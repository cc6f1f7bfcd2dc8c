"""The text of a result's card: what was run on what, and what it measured of itself."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..cards import Card
from .report import last_validation


@dataclass(frozen=True)
class Run:
    """What a run's card tells; ``facts`` and ``stages`` are as :class:`zoo.train.record.Record`'s."""

    card: Card
    origin: Card | None  # of the weights that training started from
    facts: Mapping[str, Any]
    stages: Mapping[str, Mapping[str, Any]]  # that are finished, in order
    missing: Sequence[str]  # stages of the recipe that are not
    judged: int  # held-out items, or windows of them, that the figures are of


def told(run: Run, out: Path) -> str:
    """Markdown below the front matter."""
    data, name = run.facts["data"], run.card.name
    start = run.facts["start"]
    origin = f"the weights of {start['name']}" if start else "random weights"
    judged = "videos' windows" if run.card.modality == "video" else "items"
    calls = [call for stage in run.stages.values() for call in stage["calls"]]
    versions = f" (zoo {calls[-1]['zoo']}, torch {calls[-1]['torch']})" if calls else ""
    return "\n".join(
        [
            f"# {name}, trained on {data['name']}",
            "",
            f"Made by `{_command(run)}`{versions} from {origin}, seed {run.facts['seed']}, on "
            f"{data['items']} items of `{data['name']}`; {data['held_out']} others were held out.",
            *_remarks(run),
            "",
            "| stage | steps | batch of a process | learning rate | precision | minutes | average "
            "| parts of a batch | on |",
            "|---|---|---|---|---|---|---|---|---|",
            *(_row(stage, out) for stage in run.stages.values()),
            "",
            f"By the training itself, on {run.judged} of the held-out {judged}, after each "
            "stage's last step:",
            "",
            "| stage | figure | value |",
            "|---|---|---|",
            *_figures(run, out),
            "",
            "`zoo eval FOLDER TASK --data DIR` measures the finished checkpoint. The licence above is "
            f"that of {(run.origin or run.card).name}: before you share the weights, say under which "
            "terms the data stand.",
            "",
        ]
    )


def _command(run: Run) -> str:
    words = ["zoo", "train", run.card.name, "--data", run.facts["data"]["name"]]
    if run.facts["start"]:
        words += ["--from", run.facts["start"]["name"]]
    if run.facts["recipe"]:
        words += ["--recipe", run.facts["recipe"]]
    teachers = {name for name, *_ in _teachers(run)}
    words += [word for name in sorted(teachers) for word in ("--teacher", name)]
    if run.missing:
        words += [word for name in run.stages for word in ("--stage", name)]
    devices = [call["device"] for stage in run.stages.values() for call in stage["calls"]]
    words += ["--device", devices[-1]] if devices and devices[-1] else []
    return shlex.join(words)


def _teachers(run: Run) -> Iterator[tuple[str, str, str]]:
    for stage in run.stages.values():
        teacher = stage["given"]["options"].get("teacher")
        if isinstance(teacher, Mapping):
            yield teacher["name"], teacher["sha256"], teacher["accuracy"]


def _remarks(run: Run) -> Iterator[str]:
    for name, sha256, accuracy in dict.fromkeys(_teachers(run)):
        yield f"Its teacher is `{name}`, sha256 {sha256}, accuracy {accuracy or 'unknown'}."
    if run.missing:
        yield f"**Not trained** are the recipe's stages {', '.join(run.missing)}."
    assumed = [name for name, stage in run.stages.items() if stage.get("assumed")]
    if assumed:
        yield (
            f"Nothing was noted when {', '.join(assumed)} began: what is said of it is what a later "
            "call was given."
        )


def _row(stage: Mapping[str, Any], out: Path) -> str:
    given = stage["given"]
    seconds = last_validation(out / given["name"]).get("seconds")
    minutes = "unknown" if seconds is None else f"{seconds / 60:.1f}"
    places = [f"{call['processes']} process(es) on {call['hardware']}" for call in stage["calls"]]
    on = ", then ".join(dict.fromkeys(places)) or "unknown"
    again = f", started {len(places)} times" if len(places) > 1 else ""
    matrices = given.get("matrices")
    muon = f", Muon {matrices['learning_rate']:g}" if matrices else ""
    return (
        f"| {given['name']} | {given['steps']} | {given['batch_size']} | "
        f"{given['learning_rate']:g}{muon} | {given['precision']} | {minutes} | {given['ema']:g} | "
        f"{given['accumulate']} | {on}{again} |"
    )


def _figures(run: Run, out: Path) -> Iterator[str]:
    for name, stage in run.stages.items():
        last = last_validation(out / name)
        early = last and last["step"] != stage["given"]["steps"]
        for figure, value in last.get("validation", {}).items():
            when = f" (of step {last['step']})" if early else ""
            yield f"| {name} | {figure}{when} | {value:.5g} |"
