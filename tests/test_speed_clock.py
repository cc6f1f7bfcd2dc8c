"""Speed's instruments: turns on the processor's clock, operations, memory, the machine."""

import json
import sys

import pytest
import torch
import torch.nn.functional as F

from zoo.eval.speed import interleave
from zoo.eval.speed.flops import count_flops, matmul_peak
from zoo.eval.speed.machine import machine_facts
from zoo.eval.speed.memory import MIB, PeakMemory


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
