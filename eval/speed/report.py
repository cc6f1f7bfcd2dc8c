"""Results for people: what was measured, on what, and the numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

from .table import aligned, short

Result = Mapping[str, Any]


def text(report: Result) -> str:
    """The whole report of ``zoo bench`` as text."""
    lines = [_subject(report), _machine(report["machine"])]
    if report["verbs"]:
        lines += ["", verbs_table(report["verbs"])]
    for found in report["against"]:
        lines += ["", against_text(found)]
    lines += report["skipped"]
    if report["parts"]:
        lines += ["", parts_table(report["parts"])]
    if report["agreement"]:
        lines += ["", agreement_text(report["agreement"])]
    return "\n".join(lines)


def verbs_table(rows: Sequence[Result]) -> str:
    """Encode and decode, a row per batch size. Seconds are the fastest call's."""
    header = (
        "verb", "batch", "items/s", "CPU-s/item", "median", "GFLOP/item", "of matmul peak",
        "peak MiB", "of that work",
    )  # fmt: skip
    body = [
        (
            row["verb"],
            str(row["batch"]),
            short(row["items_per_s"]),
            short(row["cpu_s_per_item"]),
            short(row["cpu_s_per_item_median"]),
            short(row["gflop_per_item"]),
            f"{row['share_of_matmul_peak']:.0%}",
            f"{row['peak_mib']:.0f}",
            f"{row['work_mib']:.0f}",
        )
        for row in rows
    ]
    return aligned(header, body)


def parts_table(rows: Sequence[Result]) -> str:
    """The parts of a family, a row per part and batch size."""
    header = (
        "part", "batch", "s/call", "CPU-s/call", "median", "GFLOP", "of matmul peak", "work MiB",
    )  # fmt: skip
    body = [
        (
            row["part"],
            str(row["batch"]),
            short(row["s_per_call"]),
            short(row["cpu_s_per_call"]),
            short(row["cpu_s_per_call_median"]),
            short(row["gflop_per_call"]),
            f"{row['share_of_matmul_peak']:.0%}",
            f"{row['work_mib']:.0f}",
        )
        for row in rows
    ]
    return aligned(header, body)


def agreement_text(found: Result) -> str:
    """The share of equal ids, in all and at positions 1, 2, 4, ..."""
    count = len(found["per_position"])
    powers = [2**i for i in range(count.bit_length()) if 2**i <= count]
    places = sorted({*powers, count})
    rows = [
        (
            str(place),
            f"{found['per_position'][place - 1]:.1%}",
            f"{found['up_to_position'][place - 1]:.1%}",
        )
        for place in places
    ]
    return "\n".join(
        [
            f"{found['dtype']} against float32, {found['items']} pictures ({found['pictures']}): "
            f"{found['share']:.2%} of {found['ids']} ids ({found['distinct_ids']} distinct) are "
            f"equal, {found['items_equal']} pictures without a difference; encodes {found['speedup']:.2f} times as fast",
            "",
            aligned(("position", "equal here", "all equal so far"), rows),
        ]
    )


def against_text(found: Result) -> str:
    """Two sides of one verb, and how they compare by the clock that counts."""
    one, other = found["sides"]
    header = (f"{found['verb']}, batch {found['batch']}", "items/s", "CPU-s/item", "median")
    body = [
        (
            side["name"],
            short(side["items_per_s"]),
            short(side["cpu_s_per_item"]),
            short(side["cpu_s_per_item_median"]),
        )
        for side in (one, other)
    ]
    clock = {"cpu": "processor time", "wall": "time"}[found["clock"]]
    return "\n".join(
        [
            aligned(header, body),
            f"{other['name']} takes {short(found['ratio'])} times the {clock} of {one['name']} "
            f"(median over rounds {short(found['ratio_median'])})",
        ]
    )


def _subject(report: Result) -> str:
    settings = report["settings"]
    weights = " (random weights)" if settings["random_weights"] else ""
    cut = f", prefix {settings['prefix']}" if settings["prefix"] is not None else ""
    options = "".join(f", {name}={value}" for name, value in settings["options"].items())
    compiled = ", compiled" if settings["compile"] else ""
    return (
        f"{report['name']}{weights}: {settings['dtype']} on {settings['device']}"
        f"{compiled}{cut}{options}"
    )


def _machine(facts: Result) -> str:
    load = facts["load_average"]
    busy = f", load {load[0]:.1f}" if load else ""
    gpu = f"{facts['gpu']}; " if "gpu" in facts else ""
    return (
        f"{gpu}{facts['cpu']} ({facts['instructions']}), "
        f"{_count(facts['usable_cores'], 'core')}, {_count(facts['threads'], 'thread')}, "
        f"torch {facts['torch']}{busy}"
    )


def _count(number: int | None, noun: str) -> str:
    return f"{number if number is not None else '?'} {noun}{'' if number == 1 else 's'}"
