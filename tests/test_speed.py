"""Speed: the clock, the counters, and ``zoo bench`` on a tiny model."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from tiny import make_tiny_flextok

import zoo
from zoo.errors import MediaError, NotSupportedError, TokenError, UnknownTokenizerError
from zoo.eval.speed import interleave, main, upstream, worker
from zoo.eval.speed.agreement import agreement
from zoo.eval.speed.arguments import parse
from zoo.eval.speed.flops import count_flops, matmul_peak
from zoo.eval.speed.job import Job
from zoo.eval.speed.launch import in_fresh_process
from zoo.eval.speed.machine import machine_facts
from zoo.eval.speed.made import made_media
from zoo.eval.speed.memory import MIB, PeakMemory
from zoo.eval.speed.parts import family_parts
from zoo.eval.speed.pictures import folder_pictures, made_pictures
from zoo.eval.speed.report import text
from zoo.eval.speed.table import aligned, short
from zoo.eval.speed.verbs import measure_verb
from zoo.eval.speed.worker import run
from zoo.loading import load_random


@pytest.fixture(scope="module")
def card(tmp_path_factory) -> str:
    return str(make_tiny_flextok(tmp_path_factory.mktemp("cards")))


class FakeClock:
    """Processor time and real time that move only when a callable says so."""

    def __init__(self) -> None:
        self.cpu = self.wall = 0.0

    def __call__(self) -> tuple[float, float]:
        return self.cpu, self.wall

    def work(self, *costs: float):
        """A callable whose calls cost these seconds in turn; real time runs twice as fast."""
        left = list(costs)

        def call() -> None:
            self.cpu += left[0]
            self.wall += 2 * left.pop(0)

        return call


def test_interleave_gives_each_callable_its_own_time():
    clock = FakeClock()
    done = interleave(
        {"slow": clock.work(9, 4, 6, 8), "fast": clock.work(9, 2, 1, 4)}, 3, now=clock
    )
    assert done["slow"].cpu == (4, 6, 8)  # the warm-up's 9 does not count
    assert done["fast"].wall == (4, 2, 8)
    assert (done["slow"].best(), done["slow"].median()) == (4, 6)
    assert done.ratio("fast", "slow") == 1 / 4
    assert done.median_ratio("fast", "slow") == 1 / 2  # of 2/4, 1/6, 4/8
    assert done.ratio("fast", "slow", "wall") == 1 / 4


def test_interleave_alternates_the_order():
    order = []
    calls = {name: (lambda name=name: order.append(name)) for name in "ab"}
    interleave(calls, 3, warmup=1)
    assert "".join(order) == "ba" + "ab" + "ba" + "ab"


def test_interleave_settles_on_both_ends():
    events = []
    interleave({"x": lambda: events.append("call")}, 1, warmup=0, settle=lambda: events.append("s"))
    assert events == ["s", "call", "s"]


def test_interleave_measures_real_work_in_proportion():
    one, four = torch.randn(300, 300), torch.randn(1200, 300)
    done = interleave({"one": lambda: one @ one, "four": lambda: four @ one}, 40)
    assert 2 < done.ratio("four", "one") < 8


@pytest.mark.parametrize(("calls", "repeat"), [({}, 3), ({"x": int}, 0)])
def test_interleave_refuses_nothing_to_do(calls, repeat):
    with pytest.raises(ValueError, match="expected at least 1"):
        interleave(calls, repeat)


def test_flops_of_products_convolutions_and_attention():
    x, weight = torch.randn(3, 5), torch.randn(7, 5)
    assert count_flops(lambda: F.linear(x, weight)) == 2 * 3 * 5 * 7
    image, kernel = torch.randn(2, 3, 8, 8), torch.randn(4, 3, 3, 3)
    assert count_flops(lambda: F.conv2d(image, kernel, padding=1)) == 2 * 2 * 4 * 3 * 9 * 64
    q, k = torch.randn(2, 3, 10, 16), torch.randn(2, 3, 20, 16)
    both = 2 * (2 * 2 * 3 * 10 * 20 * 16)  # scores, then values
    with torch.inference_mode():
        assert count_flops(lambda: F.scaled_dot_product_attention(q, k, k)) == both
        mask = torch.ones(10, 20, dtype=torch.bool)
        assert count_flops(lambda: F.scaled_dot_product_attention(q, k, k, mask)) == both


def test_the_matmul_peak_is_a_plausible_rate(monkeypatch):
    monkeypatch.setattr("zoo.eval.speed.flops.MATMUL_SIDE", {"cpu": 256})
    assert 1e8 < matmul_peak("cpu", torch.float32, "cpu") < 1e13


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's own counters")
def test_peak_memory_counts_what_is_gone_again():
    with PeakMemory() as first:
        torch.ones(64 * MIB // 4)
    with PeakMemory() as second:
        pass
    assert 60 * MIB < first.peak - first.before < 90 * MIB
    assert second.peak - second.before < 20 * MIB  # the mark was reset
    assert first.to_dict()["work_mib"] == pytest.approx(64, abs=26)


def test_machine_facts_are_json():
    facts = json.loads(json.dumps(machine_facts()))
    assert facts["cpu"]
    assert facts["torch"] == torch.__version__
    assert facts["threads"] == torch.get_num_threads()
    assert facts["usable_cores"] <= facts["cores"]


def test_made_pictures_depend_on_the_seed_alone():
    one = made_pictures(2, (24, 40))
    assert one.shape == (2, 3, 24, 40)
    assert 0 <= one.min() < 0.3 < 0.7 < one.max() <= 1
    assert torch.equal(one, made_pictures(2, (24, 40)))
    assert not torch.equal(one, made_pictures(2, (24, 40), seed=1))


def test_folder_pictures_are_sorted_and_checked(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("b.PNG", "deep/a.jpg", "notes.txt"):
        (tmp_path / name).touch()
    assert [p.name for p in folder_pictures(str(tmp_path), 9)] == ["b.PNG", "a.jpg"]
    assert len(folder_pictures(str(tmp_path), 1)) == 1
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "nowhere"):
        with pytest.raises(MediaError, match=folder):
            folder_pictures(str(tmp_path / folder), 1)


def test_agreement_in_closed_form(card):
    tok = zoo.load(card)
    ids = torch.arange(8).view(2, 4)
    other = ids.clone()
    other[0, 1] += 1
    found = agreement(tok.tokens(ids), tok.tokens(other))
    assert found["share"] == 7 / 8
    assert found["per_position"] == [1, 0.5, 1, 1]
    assert found["up_to_position"] == [1, 0.5, 0.5, 0.5]
    assert (found["items"], found["items_equal"]) == (2, 1)
    assert (found["ids"], found["distinct_ids"]) == (8, 8)
    with pytest.raises(NotSupportedError, match="differ in length"):
        agreement(tok.tokens(ids), tok.tokens(ids[:, :3]))


def test_agreement_of_number_formats(card, tmp_path):
    for index, picture in enumerate(made_pictures(3, (40, 36))):
        zoo.Media("image", [picture]).save(tmp_path / f"{index}.png")
    job = Job("agreement", card, repeat=1, images=str(tmp_path), limit=2, prefix=4, batch=2)
    found = run(job)
    assert (found["items"], found["ids"], len(found["per_position"])) == (2, 8, 4)
    assert 0.5 <= found["share"] <= 1
    assert found["speedup"] > 0
    with pytest.raises(NotSupportedError, match="another dtype"):
        run(Job("agreement", card, other_dtype="float32"))


def test_every_part_of_flextok_is_measured(card, monkeypatch):
    monkeypatch.setattr("zoo.eval.speed.flops.MATMUL_SIDE", {"cpu": 256})
    rows = run(Job("parts", card, random_weights=True, batch=2, prefix=4, repeat=1))["parts"]
    flops = {row["part"]: row["gflop_per_call"] for row in rows}
    both = flops["decoder pass, 4 tokens"] + flops["decoder pass, unconditional"]
    assert both < flops["guided step, 4 tokens"] < 1.5 * both  # and its modulations
    assert flops["encoder, 4 tokens"] < flops["encoder, 16 tokens"]
    assert {"VAE encode", "VAE decode"} < set(flops)
    assert all(row["cpu_s_per_call"] > 0 and row["share_of_matmul_peak"] > 0 for row in rows)


def test_a_family_without_parts_says_so(card, monkeypatch):
    monkeypatch.setattr("zoo.eval.speed.parts.MODULE", "benchless")
    with pytest.raises(NotSupportedError, match="lists no parts"):
        family_parts(zoo.load(card), 1, None)


def test_a_verb_in_this_process(card, monkeypatch, tmp_path):
    monkeypatch.setattr("zoo.eval.speed.flops.MATMUL_SIDE", {"cpu": 256})
    path = str(tmp_path / "tokens.safetensors")
    options = {"steps": 2, "sample_posterior": True}  # each goes to its verb
    full = run(Job("encode", card, batch=3, repeat=1, options=options))
    few = run(Job("encode", card, batch=3, repeat=1, prefix=4, tokens=path, options=options))
    assert few["gflop_per_item"] < full["gflop_per_item"]
    assert zoo.Tokens.load(path).codes.shape == (3, 1, 4)
    decoded = run(Job("decode", card, batch=3, repeat=1, tokens=path, options=options))
    more = run(Job("decode", card, batch=3, repeat=1, prefix=4, options={"steps": 4}))
    assert decoded["gflop_per_item"] < more["gflop_per_item"]  # half the steps
    with pytest.raises(NotSupportedError, match="did you mean 'steps'"):
        run(Job("decode", card, options={"step": 2}))


def test_the_command_measures_in_fresh_processes(card, capsys):
    words = [card, "--only", "encode", "--repeat", "1", "--threads", "1", "--prefix", "4"]
    assert main([*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["name"] == "flextok-random"
    assert report["machine"]["threads"] == 1
    (row,) = report["verbs"]
    assert row["cpu_s_per_item"] > 0
    assert row["peak_mib"] > row["work_mib"] >= 0
    shown = text(report)
    assert "encode" in shown
    assert "1 thread," in shown


def test_an_unknown_name_fails_at_once(monkeypatch):
    monkeypatch.setattr(subprocess, "run", None)
    with pytest.raises(UnknownTokenizerError, match="flextok-d12"):
        main(["flextok-d12-d12-in1kk"])


def test_errors_and_warnings_come_back_from_the_other_process(card, monkeypatch, capsys):
    def here(command, **_):
        worker.main(*command[-2:])
        return subprocess.CompletedProcess(command, 0, stdout=None, stderr="a licence\n")

    monkeypatch.setattr(subprocess, "run", here)
    said: set[str] = set()
    for _ in range(2):
        with pytest.raises(TokenError, match="17"):
            in_fresh_process(Job("encode", card, prefix=17), said)
    assert capsys.readouterr().err == "a licence\n"  # once


def test_a_worker_that_dies_is_explained(monkeypatch):
    monkeypatch.setattr(
        subprocess,
        "run",
        lambda *a, **k: subprocess.CompletedProcess([], -9, stdout=None, stderr=""),
    )
    with pytest.raises(zoo.ZooError, match="killed by signal 9.*smaller --batch than 64"):
        in_fresh_process(Job("encode", "x", batch=64), set())


@pytest.mark.parametrize(
    "words",
    [
        ["--batch", "0"],
        ["--batch", "1,x"],
        ["--option", "steps"],
        ["--images", "d"],
        ["--parts", "--only", "encode"],
    ],
)
def test_senseless_words_are_refused(words, capsys):
    with pytest.raises(SystemExit) as stop:
        parse(["flextok", *words])
    assert stop.value.code == 2
    assert "error" in capsys.readouterr().err


def test_options_keep_their_types():
    given = parse(
        ["x", "--option", "a=2", "--option", "b=0.5", "--option", "c=true", "--option", "d=w"]
    )
    assert dict(given.option) == {"a": 2, "b": 0.5, "c": True, "d": "w"}


def test_tables_line_up():
    assert aligned(("a", "bb"), [("long", "1")]).splitlines() == [
        "a     bb",
        "--------",
        "long   1",
    ]
    shown = [short(v) for v in (0, 0.00001234, 0.01234, 1.234, 123.4, 98765.4)]
    assert shown == ["0", "1.23e-05", "0.0123", "1.23", "123", "98765"]


def test_asking_for_help_loads_no_torch():
    code = (
        "import sys\nfrom zoo.eval.speed import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\nprint('torch' in sys.modules)"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False", done.stderr


@pytest.mark.parametrize("family", ["snac", "encodec-segments"])
def test_sounds_are_measured_too(family):
    path = Path(__file__).parent / "cards" / f"test-{family}.md"
    tok = load_random(path)
    media = made_media(tok, 2, 0.3)
    assert len(media) == 2
    job = Job("encode", str(path), random_weights=True, batch=2, seconds=0.3, repeat=1, threads=1)
    found = measure_verb(job)
    assert found["gflop_per_item"] > 0
    assert measure_verb(replace(job, kind="decode"))["items_per_s"] > 0


def test_a_family_without_a_known_package_is_refused_at_once(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["upstream", "dac-24khz"])
    with pytest.raises(SystemExit):
        upstream.main()
    assert "is of family dac; packages are known of: snac" in capsys.readouterr().err
