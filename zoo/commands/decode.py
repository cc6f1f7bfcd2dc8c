"""Turn a file of tokens back into media, one file per item: DIR/0000.png and so on.

zoo decode flextok-tiny pets.safetensors -o pets/
zoo decode flextok-tiny pets.safetensors -o coarse/ --prefix 4 --seed 1 --format jpg
zoo decode codec-tiny talks.safetensors -o talks/ --rate input
"""

import argparse
import sys
from pathlib import Path

from ..errors import NotSupportedError, TokenError
from ..registry import find
from .parts import outputs
from .parts.arguments import NAME_HELP, add_model_arguments, positive
from .parts.text import count, tell

SUMMARY = "tokens -> media"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("name", help=NAME_HELP)
    parser.add_argument("tokens", metavar="TOKENS", help="file that 'zoo encode' wrote")
    parser.add_argument(
        "-o", "--output", required=True, metavar="DIR", help="folder for the files; made if need be"
    )
    parser.add_argument("--prefix", type=positive, metavar="K", help="decode the first part only")
    parser.add_argument("--seed", type=int, default=0, help="of a decoder's noise (default 0)")
    parser.add_argument(
        "--native", action="store_true", help="the model's own size instead of the input's"
    )
    parser.add_argument(
        "--rate",
        choices=("model", "input"),
        default="model",
        help="of sound: the model's sample rate (default), or that of the input",
    )
    parser.add_argument("--format", metavar="F", help="png, jpg, ...; the modality's usual one")
    add_model_arguments(parser)


def run(args: argparse.Namespace) -> None:
    """Decode and save; what can be wrong without the weights is found before they load."""
    folder = outputs.output_folder(args.output)
    card = find(args.name)
    of_sound = {"rate": args.rate} if card.modality == "audio" else {}
    if args.rate != "model" and not of_sound:
        raise NotSupportedError(f"{card.name} makes {card.modality}; --rate is for sound")
    if not Path(args.tokens).is_file():
        raise TokenError(f"{args.tokens}: no such file; expected one that 'zoo encode' wrote")

    from ..engine.checks import check_tokens
    from ..tokens import Tokens
    from .parts.loading import load_for, read_options, without_weights

    plan = without_weights(card)
    options = read_options(plan, args.options, ["decode"])["decode"]
    suffix = outputs.media_suffix(args.format, card.modality)
    tokens = Tokens.load(args.tokens)
    check_tokens(plan, tokens)
    if args.prefix is not None:
        tokens = tokens.prefix(args.prefix)
    media = load_for(args, args.name, only="decode").decode(
        tokens,
        seed=args.seed,
        native=args.native,
        batch_size=args.batch_size,
        progress=sys.stderr.isatty(),
        **of_sound,
        **options,
    )
    with outputs.writing(folder):
        folder.mkdir(exist_ok=True)
    plain = str(folder).replace("{", "{{").replace("}", "}}")  # braces in Media.save are numbers
    files = [str(path) for path in media.save(f"{plain}/{{:04}}{suffix}")]
    some = files if len(files) < 4 else [files[0], "...", files[-1]]
    tell(
        args,
        f"{count(len(files))}: {' '.join(some)}",
        {"model": card.name, "tokens": args.tokens, "items": len(files), "files": files},
    )
