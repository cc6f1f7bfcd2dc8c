"""``run.json``: what a run was given, noted as its stages begin, held against every later call."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..atomic import atomic_write
from ..errors import CardError
from .differences import differences
from .order import FILE, is_begun, weights_of

LISTING = "data.files"  # a hash, which tells nobody anything
FREE = {
    *("data.name", "start.name", "recipe", "options.teacher.name"),  # files may move
    *("steps", "cooldown", "validate_every", "checkpoint_every", "compile"),
}
"""What a later call may give otherwise: where things are called so, and how long a stage is."""
LENGTH = ("steps", "cooldown")  # free only until a stage is finished


class Record:
    """Facts of a run and of each stage that began, with every call that worked on it."""

    def __init__(self, out: Path) -> None:
        self.out, self.path = out, out / FILE
        self.run: dict[str, Any] = {}
        self.stages: dict[str, dict[str, Any]] = {}
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            self.run, self.stages = content["run"], content["stages"]
        except FileNotFoundError:
            pass
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise CardError(f"{self.path}: cannot be read as a run's notes: {error}") from error

    def check(self, run: Mapping[str, Any], stages: Mapping[str, Mapping[str, Any]]) -> None:
        """Hold a call's facts against those of what is there already.

        Raises:
            CardError: where weights would be continued, or told of, that were made otherwise.
        """
        wrong: list[str] = []
        if any(is_begun(self.out, name) for name in self.stages):
            wrong += _unequal(self.run, run)
        for name, facts in stages.items():
            if name in self.stages and is_begun(self.out, name):
                wrong += [
                    f"stage {name}: {text}" for text in _unequal(self.stages[name]["given"], facts)
                ]
        if wrong:
            raise CardError(
                f"{self.out} holds a run that was given something else: {'; '.join(wrong)}. Give "
                "the same to go on with it, or name another folder for a new run: --out DIR (out=)"
            )
        for name, facts in stages.items():
            self._check_length(name, facts)

    def _check_length(self, name: str, facts: Mapping[str, Any]) -> None:
        """A finished stage is as long as it is: another length would be passed over in silence."""
        weights = weights_of(self.out, name)
        if name not in self.stages or not weights.exists():
            return
        given = self.stages[name]["given"]
        changed = [
            f"{at} {given[at]} before, {facts[at]} now" for at in LENGTH if given[at] != facts[at]
        ]
        if changed:
            longer = given["steps"] < facts["steps"]
            more = f", or remove {weights} to go on from its newest checkpoint" if longer else ""
            raise CardError(
                f"stage {name} is finished in {self.out}: {', '.join(changed)}. Give the same, or "
                f"name another folder{more}"
            )

    def begin(
        self, run: Mapping[str, Any], name: str, given: Mapping[str, Any], call: Mapping[str, Any]
    ) -> None:
        """Note that a call begins a stage or goes on with it."""
        noted = self.stages.get(name) if is_begun(self.out, name) else {"calls": []}
        assumed = noted is None or noted.get("assumed", False)  # from before runs took notes
        calls = [*(noted["calls"] if noted else []), dict(call)]
        entry = {"given": dict(given), "calls": calls}
        self.stages[name] = entry | ({"assumed": True} if assumed else {})
        self._write(run)

    def assume(self, run: Mapping[str, Any], name: str, given: Mapping[str, Any]) -> None:
        """Note a finished stage of which nothing was noted when it was trained."""
        if name not in self.stages:
            self.stages[name] = {"given": dict(given), "calls": [], "assumed": True}
            self._write(run)

    def _write(self, run: Mapping[str, Any]) -> None:
        self.run = dict(run)
        text = json.dumps({"run": self.run, "stages": self.stages}, indent=1)
        with atomic_write(self.path) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")


def _unequal(noted: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    return [
        f"{at} {then!r} before, {now!r} now"
        if at != LISTING
        else "data: files of other sizes or names"
        for at, then, now in differences(noted, given)
        if at not in FREE
    ]
