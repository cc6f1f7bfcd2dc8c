"""What little effort makes of speech at a tokenizer's bit rate: mu-law, and k-means of frames.

  python -m zoo.eval.baselines.speech --train DIR --data DIR --bitrate 8000

Mu-law codes single samples with 8, 4, 2 or 1 bits, at the sample rate that the bits allow. K-means
codes frames of samples as the nearest of 1,024 frames learned from --train. Figures are means over
the files of --data, computed as ``zoo eval NAME audio_reconstruction`` computes them.
"""

import argparse
from collections.abc import Callable, Iterable
from math import log2
from pathlib import Path

import torch
from torch import Tensor

import zoo
from zoo.media.audio_prepare import AudioPrepare, fit, resample
from zoo.media.listing import list_entries

from ..metrics import SampleMetric
from ..metrics.pair import Pair
from ..metrics.si_sdr import SiSdr
from ..metrics.spectral import MelDistance
from ..metrics.stoi import Stoi
from .kmeans import learn, nearest

RATE = 16000
CODES = 1024
ROUNDS = 10
MOST_FRAMES = 100_000  # to learn from
MU = 255.0
SHOWN = ("stoi", "si_sdr", "mel_distance")

Coder = Callable[[Tensor], Tensor]
"""Sound [samples] at RATE -> what comes back, as long."""


def mu_law(bits: int, bitrate: int) -> Coder:
    """Samples of ``bits`` bits on a logarithmic scale, as many as ``bitrate`` allows."""
    rate, levels = bitrate // bits, 2**bits

    def code(sound: Tensor) -> Tensor:
        few = resample(sound[None], RATE, rate)
        peak = few.abs().max().clamp(min=1e-9)  # given for free
        bent = few.sign() * torch.log1p(MU * (few / peak).abs()) / torch.log1p(torch.tensor(MU))
        ids = ((bent + 1) / 2 * levels).floor().clamp(0, levels - 1)
        straight = (ids + 0.5) / levels * 2 - 1
        back = straight.sign() * ((1 + MU) ** straight.abs() - 1) / MU * peak
        return fit(resample(back, rate, RATE), len(sound))[0]

    return code


def frames(train: Iterable[Tensor], bitrate: int) -> Coder:
    """Frames of whole samples, each the nearest of CODES, learned by k-means."""
    size = round(log2(CODES) * RATE / bitrate)
    rows = torch.cat([_framed(sound, size) for sound in train])
    random = torch.Generator().manual_seed(0)
    rows = rows[torch.randperm(len(rows), generator=random)[:MOST_FRAMES]]
    table = learn(rows, CODES, ROUNDS, random)

    def code(sound: Tensor) -> Tensor:
        back = table[nearest(_framed(sound, size), table)].flatten()
        return fit(back[None], len(sound))[0]

    return code


def _framed(sound: Tensor, size: int) -> Tensor:
    """[samples] -> [frame, size], zeros at the end."""
    return torch.nn.functional.pad(sound, (0, -len(sound) % size)).view(-1, size)


def sounds_in(folder: Path) -> list[Tensor]:
    """Every sound below a folder, [samples] at RATE."""
    prepare = AudioPrepare(RATE, 1)
    found = [prepare(zoo.read(entry.path)).tensor[0] for entry in list_entries(folder, "audio")]
    if not found:
        raise SystemExit(f"{folder}: no sounds here")
    return found


def judged(code: Coder, sounds: Iterable[Tensor]) -> dict[str, float]:
    """Means of the metrics over sounds."""
    metrics: list[SampleMetric] = [Stoi(), SiSdr(), MelDistance()]
    rows = []
    for sound in sounds:
        pair = Pair(sound[None], code(sound)[None].clamp(-1, 1), rate=RATE)
        rows.append({k: v for metric in metrics for k, v in metric.measure(pair).items()})
    return {name: sum(row[name] for row in rows) / len(rows) for name in SHOWN}


def main() -> None:
    """Print a line per method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True, metavar="DIR")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--bitrate", type=int, default=8000, metavar="B", help="bits per second")
    args = parser.parse_args()
    sounds = sounds_in(args.data)
    coders = {f"mu-law, {bits} bits": mu_law(bits, args.bitrate) for bits in (8, 4, 2, 1)}
    coders["k-means of frames"] = frames(sounds_in(args.train), args.bitrate)
    for name, code in coders.items():
        figures = judged(code, sounds)
        print(f"{name:20}", "  ".join(f"{k} {v:.3f}" for k, v in figures.items()), flush=True)


if __name__ == "__main__":
    main()
