"""What families of sound cost: long sounds, small steps, and beside transformers' own classes.

    python -m zoo.eval.speed.sounds long encodec-24khz --seconds 600
    python -m zoo.eval.speed.sounds steps encodec-24khz
    python -m zoo.eval.speed.sounds bare dac-24khz --seconds 10

At full size with random weights, fp32, one thread, on white noise; processor time, the fastest of
``--repeat`` calls that take turns. ``long`` gives the peak of resident memory for encoding and for
decoding one sound. ``steps`` streams pieces of 20 ms: as loaded, "unfolded" (the same networks, but
with weight norm, which every convolution computes anew in every step, as upstream's do), and, where
there is one, piece by piece through transformers' class, which keeps no state (and computes
weight norm anew where the published weights have it). ``bare`` encodes and decodes with the zoo and
with transformers' class of the same size.
"""

import argparse
import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from zoo.audio_tokenizer import AudioTokenizer
from zoo.errors import NotSupportedError
from zoo.loading import load_random
from zoo.tokens import Tokens

from .bare import STEPPED, bare_class
from .memory import PeakMemory, touch
from .sidebyside import cpu_and_wall, interleave

STEP = 50  # streamed steps in a second


def main() -> None:
    """Measure what the command line names, and print one line per figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("what", choices=MEASURES)
    parser.add_argument("name", help="a checkpoint; its weights are random")
    parser.add_argument("--seconds", type=float, default=10.0, help="of sound (10)")
    parser.add_argument("--prefix", type=int, help="codebooks in `steps` (all)")
    parser.add_argument("--repeat", type=int, default=5, help="timed rounds (5)")
    given = parser.parse_args()
    torch.set_num_threads(1)
    tok = load_random(given.name)
    if not isinstance(tok, AudioTokenizer):
        parser.error(f"{given.name} is no tokenizer of sound")
    touch(tok.module)
    random = torch.Generator().manual_seed(0)
    samples = round(given.seconds * (tok.sample_rate or 1))
    sound = torch.randn(tok.channels, samples, generator=random).mul_(0.1)
    MEASURES[given.what](tok, sound, given)


def long(tok: AudioTokenizer, sound: Tensor, given: argparse.Namespace) -> None:
    """Memory and time of one sound, both ways."""
    tokens = _spent(tok, "encode", given, lambda: tok.encode((sound, tok.sample_rate)))
    _spent(tok, "decode", given, lambda: tok.decode(tokens))


def _spent(
    tok: AudioTokenizer, verb: str, given: argparse.Namespace, call: Callable[[], Any]
) -> Any:
    with PeakMemory() as peak:
        start, _ = cpu_and_wall()
        result = call()
        spent = cpu_and_wall()[0] - start
    mib = peak.to_dict()
    print(
        f"{tok.name} {verb} of {given.seconds:g} s: {spent:.1f} CPU-s, peak "
        f"{mib['peak_mib']:.0f} MiB, of these {mib['work_mib']:.0f} for the work"
    )
    return result


def steps(tok: AudioTokenizer, sound: Tensor, given: argparse.Namespace) -> None:
    """One streamed second in steps of 20 ms, weight norm folded and not."""
    rate = tok.sample_rate or 1
    chunks = sound[:, :rate].split(rate // STEP, dim=1)
    tokens = tok.encode((sound[:, :rate], rate), prefix=given.prefix)
    each = max(1, int(tokens.lengths) // STEP)
    ids = [tokens.crop(at, at + each) for at in range(0, int(tokens.lengths), each)]
    unfolded = copy.copy(tok)
    unfolded.module = copy.deepcopy(tok.module)
    for layer in unfolded.module.modules():
        if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d):
            weight_norm(layer)

    def streamed(which: AudioTokenizer, verb: str) -> Callable[[], object]:
        def run() -> None:
            with torch.no_grad(), which.streaming(prefix=given.prefix) as session:
                for piece in chunks if verb == "encode" else ids:
                    getattr(session, verb)(piece)
                session.flush()

        return run

    for verb, pieces in (("encode", chunks), ("decode", ids)):
        calls = {"folded": streamed(tok, verb), "unfolded": streamed(unfolded, verb)}
        try:
            calls["folded"]()
        except NotSupportedError as error:
            print(error)
            continue
        if tok.family in STEPPED:
            calls["bare"] = partial(_stateless, tok, pieces, given.prefix)
        count = len(pieces)
        done = interleave(calls, given.repeat)
        own = 1000 * done["folded"].best() / count
        others = [
            f"{name} {done.ratio(name, 'folded'):.1f} times as much"
            for name in calls
            if name != "folded"
        ]
        print(
            f"{tok.name} {verb}, a step of {1000 / count:.0f} ms: {own:.2f} CPU-ms; "
            + ", ".join(others)
        )


def _stateless(
    tok: AudioTokenizer, pieces: Sequence[Tensor] | Sequence[Tokens], prefix: int | None
) -> None:
    """Every piece by itself through transformers' class, which keeps no state: other results."""
    model, encode = bare_class(tok, prefix)
    with torch.inference_mode():
        for piece in pieces:
            if isinstance(piece, Tensor):
                encode(piece[None])
            elif tok.family == "encodec":
                model.decode(piece.codes[None], [None])  # of one segment without a scale
            else:
                model.decode(piece.codes)


def bare(tok: AudioTokenizer, sound: Tensor, given: argparse.Namespace) -> None:
    """One sound with the zoo and with transformers' class."""
    model, encode = bare_class(tok, None)
    batch, rate = sound[None], tok.sample_rate
    tokens = tok.encode((sound, rate))
    with torch.inference_mode():
        found = encode(batch)
    codes = {"audio_codes": found.audio_codes}
    if getattr(found, "audio_scales", None) is not None:
        codes["audio_scales"] = found.audio_scales

    def theirs(verb: str) -> Callable[[], object]:
        def run() -> None:
            with torch.inference_mode():
                encode(batch) if verb == "encode" else model.decode(**codes)

        return run

    ours = {"encode": lambda: tok.encode((sound, rate)), "decode": lambda: tok.decode(tokens)}
    for verb in ("encode", "decode"):
        done = interleave({"zoo": ours[verb], "transformers": theirs(verb)}, given.repeat)
        print(
            f"{tok.name} {verb} of {sound.shape[1] / (rate or 1):g} s: {done['zoo'].best():.2f} "
            f"CPU-s, transformers {done['transformers'].best():.2f}, ratio "
            f"{done.ratio('zoo', 'transformers'):.2f} (median of rounds "
            f"{done.median_ratio('zoo', 'transformers'):.2f})"
        )


MEASURES: dict[str, Callable[[AudioTokenizer, Tensor, argparse.Namespace], None]] = {
    "long": long,
    "steps": steps,
    "bare": bare,
}

if __name__ == "__main__":
    main()
