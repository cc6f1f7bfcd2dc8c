"""Turn media into tokens, in one safetensors file that explains itself.

  zoo encode flextok-tiny cat.jpg dog.png -o pets.safetensors
  zoo encode flextok-tiny photos/ -o photos.safetensors --prefix 16 --packed

A folder stands for its media files, sorted by name; items keep the order of the command line.
"""

import argparse
import sys

from ..registry import find
from .parts import inputs, outputs
from .parts.arguments import NAME_HELP, add_model_arguments, positive, rate
from .parts.text import count, size, span, tell

SUMMARY = "media -> tokens"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("name", help=NAME_HELP)
    parser.add_argument("inputs", nargs="+", metavar="IN", help="media files and folders of them")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="tokens.safetensors")
    quality = parser.add_mutually_exclusive_group()
    quality.add_argument(
        "--prefix", type=positive, metavar="K", help="quality, see 'zoo show NAME'"
    )
    quality.add_argument("--bitrate", type=rate, metavar="B", help="quality, as bits per second")
    parser.add_argument("--packed", action="store_true", help="store ids bit by bit: smallest")
    parser.add_argument(
        "--seed", type=int, default=0, help="for options that draw random numbers (default 0)"
    )
    add_model_arguments(parser)


def run(args: argparse.Namespace) -> None:
    """Encode and save; what can be wrong without the weights is found before they load."""
    output = outputs.output_file(args.output)
    card = find(args.name)
    files = inputs.media_files(args.inputs, card.modality)
    outputs.keep_inputs(output, files)

    from ..engine.checks import chosen_prefix
    from .parts.loading import load_for, read_options, without_weights

    plan = without_weights(card)
    options = read_options(plan, args.options, ["encode"])["encode"]
    chosen_prefix(plan, args.prefix, args.bitrate)
    tokens = load_for(args, args.name, only="encode").encode(
        files,
        prefix=args.prefix,
        bitrate=args.bitrate,
        seed=args.seed,
        batch_size=args.batch_size,
        progress=sys.stderr.isatty(),
        **options,
    )
    with outputs.writing(output):
        tokens.save(output, packed=args.packed)

    ids = (tokens.codes >= 0).sum((1, 2)).tolist()
    bits, extra = tokens.bits().tolist(), tokens.extra_bits().tolist()
    written = output.stat().st_size
    extras = f" and {span(extra)} bits of extras" if any(extra) else ""
    tell(
        args,
        f"{count(len(tokens))}, {span(ids)} ids each: {span(bits)} bits{extras}\n"
        f"{output}: {size(written)}",
        {
            "model": card.name,
            "space": tokens.space,
            "inputs": [str(path) for path in files],
            "items": len(tokens),
            "ids": ids,
            "bits": bits,
            "extra_bits": extra,
            "output": str(output),
            "bytes": written,
        },
    )
