"""See what a tokenizer keeps: each photo or video, and what comes back from its tokens.

  zoo reconstruct -o grid.png
  zoo reconstruct cat.jpg dog.jpg --model flextok-tiny --prefix 1,4,16,64 -o grid.png

Without a FILE, a drawn landscape that comes with the package is taken. Each row shows the photo,
what the model sees of it, and a reconstruction per prefix with its number of tokens, its bits and
its PSNR (in dB, higher is better; at the model's own size, against what the model sees).

Of a video, an OUTPUT such as out.mp4 is a video of both side by side, with what shares a token in
one colour; one such as sheet.png shows frames of it and the PSNR of each.
"""

import argparse
from importlib import import_module

from ..errors import NotSupportedError
from ..registry import find
from .parts import inputs, outputs
from .parts.arguments import NAME_HELP, add_model_arguments, numbers

SUMMARY = "compare photos and videos with their reconstructions, as one picture or video"
DEFAULT_MODEL = "flextok-tiny"
SHOWN_BY = {
    "image": ("zoo.commands.reconstruct_image", ("image",)),
    "video": ("zoo.commands.reconstruct_video", ("video", "image")),
}
"""Modality -> module whose ``reconstruct(args, card, files, output)`` shows it, and as what."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="files and folders of them")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="grid.png, out.mp4")
    parser.add_argument("--model", default=DEFAULT_MODEL, metavar="NAME", help=NAME_HELP)
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
