"""What a result is made of: chunks, their journal, rates, fingerprints, intervals."""

import argparse
import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from zoo.errors import ZooError
from zoo.eval.metrics import Column
from zoo.eval.results.chunk import Chunk, failure, merged
from zoo.eval.results.figures import figure
from zoo.eval.results.fingerprint import fingerprint, item_sha256
from zoo.eval.results.journal import Journal
from zoo.eval.results.rate import adaptive_bits, rate, usage
from zoo.eval.results.result import command
from zoo.eval.statistics.mean import mean
from zoo.eval.statistics.student import t_quantile


def some_chunk(start: int) -> Chunk:
    chunk = Chunk(rows=[{"id": f"{start}", "psnr": 20.5}], arrays={"f": torch.ones(1, 3) * start})
    chunk.failures.append(failure("bad", "read", ValueError("no")))
    chunk.draw("full/0", torch.tensor([start, start, -1, 7]))
    chunk.spend("encode", 2, 0.5, 0.25)
    return chunk


def test_a_journal_gives_back_what_was_written(tmp_path: Path) -> None:
    folder = tmp_path / "r.json.part"
    Journal(folder, {"task": 1}).write(3, some_chunk(5))
    again = Journal(folder, {"task": 1})
    assert again.read(0) is None
    found, wanted = again.read(3), some_chunk(5)
    assert found is not None
    assert torch.equal(found.arrays.pop("f"), wanted.arrays.pop("f"))
    assert found == wanted
    with pytest.raises(ZooError, match="other seed, task"):
        Journal(folder, {"task": 2, "seed": 1})
    (folder / "000003.safetensors").write_bytes(b"half")
    with pytest.raises(ZooError, match="damaged"):
        again.read(3)
    again.remove()
    assert not folder.exists()


def test_chunks_add_up() -> None:
    whole = merged([some_chunk(1), some_chunk(2)])
    assert [row["id"] for row in whole.rows] == ["1", "2"]
    assert whole.counts["full/0"] == Counter({1: 2, 2: 2, 7: 2})
    assert whole.seconds["encode"] == [4, 1.0, 0.5]
    assert whole.arrays["f"][:, 0].tolist() == [1, 2]


def test_rates_in_closed_form() -> None:
    used = [Counter({0: 4, 3: 4})]
    rows = [{"tokens": 4, "bits": 8.0, "extra_bits": 1.0, "seconds": 0.5}] * 2
    found = rate(rows, used, [4])
    assert found["nominal_bits"] == 9
    assert found["entropy_bits"] == pytest.approx(1 + 4 * 1)
    assert found["per_second"]["nominal_bits"] == 18
    assert found["codebooks"] == [
        {"vocabulary": 4, "draws": 8, "used": 2, "usage": 0.5, "entropy": 1.0, "perplexity": 2.0}
    ]
    assert usage(Counter({2: 9}), 4)["entropy"] == 0


def test_adaptive_bits_are_those_of_the_coder_step_by_step() -> None:
    ids, vocabulary = [0, 3, 3, 1, 3, 0], 5
    seen: Counter[int] = Counter()
    bits = 0.0
    for one in ids:
        bits -= math.log2((seen[one] + 0.5) / (seen.total() + vocabulary / 2))
        seen[one] += 1
    assert adaptive_bits(seen, vocabulary) == pytest.approx(bits)


def test_a_fingerprint_depends_on_names_and_contents_alone() -> None:
    picture = torch.rand(3, 4, 5)
    same = picture.mul(255).round().to(torch.uint8)
    assert item_sha256(picture, "image") == item_sha256(same, "image")
    assert item_sha256(same.reshape(3, 5, 4), "image") != item_sha256(same, "image")
    pairs = [("a", "1"), ("b", "2")]
    assert fingerprint(pairs) == fingerprint(pairs[::-1])
    assert fingerprint(pairs) != fingerprint([("a", "2"), ("b", "1")])
    sound = torch.rand(1, 9) - 0.5
    assert item_sha256(sound, "audio") == item_sha256(sound + 1e-9, "audio")
    assert item_sha256(sound, "audio") != item_sha256(sound + 1e-3, "audio")


def test_failed_and_infinite_values_stand_apart() -> None:
    found = figure(Column("dB", True), [20.0, None, math.inf, 22.0])
    assert (found["value"], found["n"], found["failed"], found["infinite"]) == (21, 2, 1, 1)
    assert found["std"] == pytest.approx(math.sqrt(2))
    assert json.loads(json.dumps(figure(Column("", None), [None])))["value"] is None
    one = figure(Column("dB", True), [20.0])
    assert (one["value"], one["ci95"]) == (20, None)


def test_student_quantiles_and_the_interval_of_a_mean() -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is the independent reference")
    for freedom in (1, 2, 3, 5, 10, 99):
        wanted = stats.t.ppf(0.975, freedom)
        bound = 2e-3 if freedom == 3 else 2e-4
        assert t_quantile(0.975, freedom) == pytest.approx(wanted, rel=bound)
    values = np.random.default_rng(0).normal(size=12)
    low, high = stats.t.interval(0.95, 11, values.mean(), stats.sem(values))
    found = mean(values.tolist())
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-4)


def test_clustered_intervals_cover_what_plain_ones_do_not() -> None:
    random = np.random.default_rng(1)
    clusters = np.repeat(np.arange(15), 8)
    covered = {"plain": 0, "clustered": 0}
    for _ in range(400):
        values = random.normal(size=15)[clusters] + 0.3 * random.normal(size=120)
        for name, groups in (("plain", None), ("clustered", clusters.tolist())):
            found = mean(values.tolist(), groups)
            assert found.low is not None
            assert found.high is not None
            covered[name] += found.low < 0 < found.high
    assert covered["clustered"] / 400 == pytest.approx(0.95, abs=0.035)
    assert covered["plain"] / 400 < 0.7
    singles = mean([1.0, 2.0, 4.0], ["a", "b", "c"])  # clusters of one: the plain interval
    assert singles[:4] == pytest.approx(mean([1.0, 2.0, 4.0])[:4])


def test_a_command_names_no_place_of_a_machine() -> None:
    words = [
        "/home/me/model.md",
        "task",
        "--data",
        "pictures/here",
        "--plot=out/c.png",
        "-o",
        "r.json",
    ]
    words += ["--inception", "/opt/i.pth", "--lpips-alex=~/a.pth", "--features", "hf:C:\\dino"]
    words += ["--features", "zoo:flextok-tiny", "--label", r"^(\d)/_", "--option", "steps=1"]
    args = argparse.Namespace(name="/home/me/model.md")
    assert command(words, args) == [
        *("zoo", "eval", "NAME", "task", "--data", "DIR", "--plot=FILE", "-o", "FILE"),
        *("--inception", "PATH", "--lpips-alex=PATH", "--features", "hf:PATH"),
        *("--features", "zoo:flextok-tiny", "--label", r"^(\d)/_", "--option", "steps=1"),
    ]
