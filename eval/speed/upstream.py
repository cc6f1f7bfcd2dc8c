"""What a family of sound costs beside the package that its authors publish, with the same weights.

    pip install --no-deps snac einops
    python -m zoo.eval.speed.upstream snac-24khz --seconds 3
    pip install --no-deps speechtokenizer beartype
    python -m zoo.eval.speed.upstream speechtokenizer-hubert-avg --seconds 4 --items 8

At full size with the package's random weights, fp32, one thread, on white noise; processor time,
calls take turns. The zoo takes all items as one batch, the package one after another.
"""

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from zoo.audio_tokenizer import AudioTokenizer
from zoo.loading import load_random
from zoo.registry import card
from zoo.weights import fill

from .sidebyside import interleave

Codes = Sequence[Tensor]
"""Ids of one sound: of each codebook [1, n]."""


class Package:
    """Another implementation: its model, and how it encodes and decodes one sound."""

    def __init__(self, model: nn.Module, decode: Callable[[Codes], Any]) -> None:
        self.model: Any = model.eval()
        self.decode = decode

    def encode(self, sound: Tensor) -> Codes:
        """[1, 1, samples] -> ids."""
        return list(self.model.encode(sound))


def main() -> None:
    """Compare what the command line names, and print one line per direction."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("name", help="a checkpoint; its weights are random")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each sound (3)")
    parser.add_argument("--items", type=int, default=1, help="sounds (1)")
    parser.add_argument("--repeat", type=int, default=5, help="timed rounds (5)")
    given = parser.parse_args()
    family = card(given.name).family
    if family not in PACKAGES:
        known = ", ".join(PACKAGES)
        parser.error(f"{given.name} is of family {family}; packages are known of: {known}")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    tok = load_random(given.name)
    assert isinstance(tok, AudioTokenizer)
    package = PACKAGES[tok.family](tok)
    fill(tok.module, [package.model.state_dict()], tok.formats["original"])
    rate = tok.sample_rate or 1
    sounds = torch.randn(given.items, 1, round(given.seconds * rate)).mul_(0.1)
    compare(tok, package, sounds, given.repeat)


def compare(tok: AudioTokenizer, package: Package, sounds: Tensor, repeat: int) -> None:
    """Both directions of sounds [item, 1, samples]; ids must be the same ones."""
    items = [(sound, tok.sample_rate) for sound in sounds]

    def theirs() -> list[Codes]:
        with torch.inference_mode():
            return [package.encode(sound[None]) for sound in sounds]

    def back() -> None:
        with torch.inference_mode():
            for one in codes:
                package.decode(one)

    codes, tokens = theirs(), tok.encode(items, batch_size=len(items))
    found = tokens.codes[tokens.codes >= 0].sort()[0]  # layouts differ, ids do not
    there = torch.cat([ids.flatten() for one in codes for ids in one]).sort()[0]
    if not torch.equal(found, there):
        raise SystemExit(f"{tok.name}: other ids than the package's; a comparison says nothing")
    ways: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "encode": (lambda: tok.encode(items, batch_size=len(items)), theirs),
        "decode": (lambda: tok.decode(tokens, batch_size=len(items)), back),
    }
    for verb, (ours, others) in ways.items():
        done = interleave({"zoo": ours, "package": others}, repeat)
        count = len(items)
        print(
            f"{tok.name} {verb}: {done['zoo'].best() / count:.2f} CPU-s per item, the package "
            f"{done['package'].best() / count:.2f}; ratio {done.ratio('zoo', 'package'):.2f} "
            f"(median of rounds {done.median_ratio('zoo', 'package'):.2f})"
        )


def _snac(tok: AudioTokenizer) -> Package:
    config = tok.config
    model = import_module("snac").SNAC(
        sampling_rate=tok.sample_rate,
        encoder_dim=config.encoder_width,
        encoder_rates=list(config.encoder_strides),
        latent_dim=config.latent_width,
        decoder_dim=config.decoder_width,
        decoder_rates=list(config.decoder_strides),
        attn_window_size=config.window,
        codebook_size=config.codebook.size,
        codebook_dim=config.codebook.dim,
        vq_strides=list(config.level_strides),
        noise=config.noise,
        depthwise=config.depthwise,
    )
    return Package(model, model.decode)


def _speechtokenizer(tok: AudioTokenizer) -> Package:
    config = tok.config
    model = import_module("speechtokenizer.model").SpeechTokenizer(
        {
            "n_filters": config.filters,
            "strides": list(config.strides),
            "dimension": config.width,
            "semantic_dimension": config.semantic_width,
            "bidirectional": True,
            "dilation_base": config.net.dilation_base,
            "residual_kernel_size": config.net.residual_kernel,
            "n_residual_layers": config.net.residuals,
            "lstm_layers": config.net.lstm,
            "activation": config.activation.upper() if config.activation == "elu" else "Snake",
            "codebook_size": config.codebook_size,
            "n_q": config.codebooks,
            "sample_rate": tok.sample_rate,
        }
    )
    for layer in model.quantizer.vq.layers:  # theirs are zero
        layer._codebook.embed.normal_()
    return Package(model, lambda codes: model.decode(torch.stack(list(codes))))


PACKAGES: dict[str, Callable[[AudioTokenizer], Package]] = {
    "snac": _snac,
    "speechtokenizer": _speechtokenizer,
}

if __name__ == "__main__":
    main()
