"""The results that come with the package: whole, current, and what the README says."""

import json
import re
from pathlib import Path

import pytest

import zoo
from zoo.cards.table import insert_table
from zoo.cli import main
from zoo.eval.leaderboard import Result, boards, markdown, published
from zoo.eval.leaderboard.outdated import outdated
from zoo.eval.leaderboard.published import FOLDER
from zoo.eval.leaderboard.verify import problems

README = Path(__file__).parent.parent / "README.md"
MEASURED = published("measured")


@pytest.mark.parametrize("result", MEASURED, ids=lambda one: one.path.stem)
def test_results_say_what_their_samples_say_and_are_of_today(result: Result) -> None:
    assert problems(result) == []
    assert outdated(result) == [], "measure it again: eval/published/README.md has the command"
    assert result.body["code"]["dirty"] is False


def test_the_readme_is_built_from_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = README.read_text(encoding="utf-8")
    command = ["leaderboard", "show", "--kind", "measured", "--level", "3"]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert shown == markdown(boards(MEASURED), 3)
    assert insert_table(text, shown, "leaderboard") == text, (
        f"run: zoo {' '.join(command)} --into README.md"
    )
    copy = tmp_path / "README.md"
    copy.write_text(insert_table(text, "", "leaderboard"), encoding="utf-8")
    assert main([*command, "--into", str(copy)]) == 0
    assert copy.read_text(encoding="utf-8") == text


def test_no_place_of_a_machine_stands_in_them() -> None:
    for path in FOLDER.rglob("*.json*"):
        found = re.search(r"(?<![\w:.])/(work|tmp|home|root|Users|mnt|data)/", path.read_text())
        assert found is None, f"{path}: {found}"


def test_commands_stand_in_the_folders_readme() -> None:
    """Each result's command, without what is said of this machine."""
    text = re.sub(r"\\\n\s*", "", (FOLDER / "README.md").read_text(encoding="utf-8"))
    for result in MEASURED:
        assert result.path.name in text, result.path


CITED = [zoo.card(name) for name in sorted({one.body["model"]["name"] for one in MEASURED})]


@pytest.mark.parametrize("card", CITED, ids=lambda card: card.name)
def test_cards_cite_what_is_published(card: zoo.cards.Card) -> None:
    known: dict[tuple[str, str, str], list[float]] = {}
    for result in MEASURED:
        body = result.body
        if body["model"]["name"] == card.name:
            task = f"{body['task']['name']} {body['task']['version']}"
            for quality in body["qualities"]:
                for name, figure in quality["metrics"].items():
                    at = "full" if quality["prefix"] is None else str(quality["prefix"])
                    place = (task, name, at)
                    known.setdefault(place, []).append(figure["value"])
    assert card.model_index
    for entry in card.model_index[0]["results"]:
        for metric in entry["metrics"]:
            at = re.search(r" at (\d+) ", metric["name"])
            place = (entry["task"]["name"], metric["type"], at[1] if at else "full")
            digits = len(str(metric["value"]).partition(".")[2])
            values = [round(value, digits) for value in known.get(place, [])]
            assert metric["value"] in values, (place, values)


def test_every_bundled_checkpoint_has_results() -> None:
    assert set(zoo.list_models(bundled=True)) <= {card.name for card in CITED}


def test_papers_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    for result in published("reported"):
        source = result.body["source"]
        assert source["url"].startswith("https://")
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", source["read"])
    assert main(["leaderboard", "verify", "--current", "--json"]) == 0
    assert not any(json.loads(capsys.readouterr().out).values())
