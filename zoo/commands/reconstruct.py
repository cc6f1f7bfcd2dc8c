"""See and hear what a tokenizer keeps: each photo, sound or video, and what comes back of it.

  zoo reconstruct -o grid.png
  zoo reconstruct cat.jpg dog.jpg --model flextok-tiny --prefix 1,4,16,64 -o grid.png
  zoo reconstruct talk.wav --prefix 1,2,4,8

Without a FILE, a drawn landscape that comes with the package is taken, or what the model asks for:
a synthetic voice, a drawn video. Each row shows the photo,
what the model sees of it, and a reconstruction per prefix with its number of tokens, its bits and
its PSNR (in dB, higher is better; at the model's own size, against what the model sees).

Of a sound there is a wav per prefix, named after OUT, and in the picture their spectrograms with
their rates and their SI-SDR (in dB, higher is better; against what the model hears).

Of a video, an OUTPUT such as out.mp4 is a video of both side by side, with what shares a token in
one colour; one such as sheet.png shows frames of it and the PSNR of each.
"""

import argparse
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from ..errors import NotSupportedError
from ..registry import find
from .parts import inputs, outputs
from .parts.arguments import NAME_HELP, add_model_arguments, numbers

SUMMARY = "compare photos, sounds and videos with their reconstructions, as one picture or video"
DEFAULT_MODELS = {"image": "flextok-tiny", "audio": "codec-tiny"}
DEFAULT_OUTPUT = "reconstruction.png"
SHOWN_BY = {
    "image": ("zoo.commands.reconstruct_image", ("image",)),
    "audio": ("zoo.commands.reconstruct_audio", ("image",)),
    "video": ("zoo.commands.reconstruct_video", ("video", "image")),
}
"""Modality -> module whose ``reconstruct(args, card, files, output)`` shows it, and as what."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="files and folders of them")
    parser.add_argument(
        "-o",
        "--output",
        default=DEFAULT_OUTPUT,
        metavar="OUT",
        help=f"grid.png, out.mp4 (default {DEFAULT_OUTPUT})",
    )
    usual = ", ".join(f"{name} for {kind}" for kind, name in DEFAULT_MODELS.items())
    parser.add_argument("--model", metavar="NAME", help=f"{NAME_HELP} (default {usual})")
    parser.add_argument(
        "--prefix",
        type=numbers,
        metavar="K,K,...",
        help="qualities; by default powers of 4 and the full one",
    )
    parser.add_argument("--seed", type=int, default=0, help="of a decoder's noise (default 0)")
    add_model_arguments(parser)


def run(args: argparse.Namespace) -> None:
    """Check the paths, then leave it to the modality's module."""
    output = outputs.output_file(args.output)
    args.model = args.model or DEFAULT_MODELS[_modality(args.files)]
    card = find(args.model)
    if card.modality not in SHOWN_BY:
        raise NotSupportedError(
            f"{card.name} is for {card.modality}; zoo reconstruct shows {', '.join(SHOWN_BY)} so "
            f"far. Use 'zoo encode' and 'zoo decode'."
        )
    files = inputs.media_files(args.files, card.modality)
    outputs.keep_inputs(output, files)
    module, kinds = SHOWN_BY[card.modality]
    if not any(outputs.is_suffix(output, kind) for kind in kinds):
        outputs.media_suffix(output.suffix, kinds[0])
    import_module(module).reconstruct(args, card, files, output)


def _modality(names: Sequence[str]) -> str:
    """What the first file is that a default model takes, in folders too; without files an image.

    Raises:
        NotSupportedError: if there are files, but none of them is such a one.
    """
    from ..media.kinds import guess

    other = ""
    for path in map(Path, names):
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        for found in filter(Path.is_file, inside):
            if (kind := guess(found)) in DEFAULT_MODELS:
                return kind
            other = other or f"{found} looks like {kind or 'no media'}"
    if other:
        usual = ", ".join(DEFAULT_MODELS)
        raise NotSupportedError(f"{other}; only {usual} have a default model: pass --model NAME")
    return "image"
