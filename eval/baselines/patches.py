"""What little effort makes of pictures at a tokenizer's bits: k-means of their patches.

  python -m zoo.eval.baselines.patches --train train-00.tar --data val-00.tar --bits 3276

Every patch of a picture becomes the nearest of 2 ** (bits / patches) learned ones, in pixels. The
bits are spent in full, with a table of any size. PSNR is the mean over pictures, as ``zoo eval NAME
image_reconstruction`` computes it.
"""

import argparse
from math import inf
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

import zoo
from zoo.commands.parts.arguments import positive
from zoo.errors import MediaError
from zoo.media.image import canonical
from zoo.media.prepare import ImagePrepare

from ..metrics.pair import Pair
from ..metrics.psnr import Psnr
from ..samples import list_samples
from .kmeans import learn, nearest


def pictures_in(place: Path, size: int, limit: int | None = None) -> Tensor:
    """Pictures of a folder or tar file, cropped and scaled to squares: [n, 3, size, size], 0..1."""
    prepare = ImagePrepare((size, size), "crop")
    samples = list_samples(place, "image", limit)
    return torch.stack(
        [canonical(prepare(zoo.read(sample.read(), "image")).tensor) for sample in samples]
    )


def patches_of(pictures: Tensor, side: int) -> Tensor:
    """[n, 3, h, w] -> [n * places, 3 * side * side]."""
    return F.pixel_unshuffle(pictures, side).permute(0, 2, 3, 1).flatten(0, 2)


def decoded(pictures: Tensor, table: Tensor, side: int) -> Tensor:
    """Pictures with every patch replaced by the nearest of ``table``."""
    count, _, height, width = pictures.shape
    rows = table[nearest(patches_of(pictures, side), table)]
    grid = rows.view(count, height // side, width // side, -1).permute(0, 3, 1, 2)
    return F.pixel_shuffle(grid, side)


def table_size(bits: int, size: int, side: int) -> int:
    """How many codes a table may have. Raises MediaError for bits that are too few or too many."""
    exponent = bits / (size // side) ** 2
    codes = round(2**exponent) if exponent < 20 else inf
    if not 2 <= codes < inf:
        raise MediaError(
            f"{bits} bits are {exponent:.3g} for each of {(size // side) ** 2} patches: between 1 "
            "and 20 make sense; choose another --patch"
        )
    return int(codes)


def main(given: list[str] | None = None) -> None:
    """Print the table's size and the mean PSNR."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True, metavar="PLACE")
    parser.add_argument("--data", type=Path, required=True, metavar="PLACE")
    parser.add_argument("--bits", type=positive, required=True, help="per picture")
    parser.add_argument("--size", type=positive, default=64, help="of a picture, in pixels")
    parser.add_argument("--patch", type=positive, default=4, help="its side in pixels")
    parser.add_argument("--limit", type=positive, default=None, help="pictures of --data")
    parser.add_argument("--rounds", type=positive, default=10)
    parser.add_argument("--most", type=positive, default=1_000_000, help="patches to learn from")
    args = parser.parse_args(given)
    codes = table_size(args.bits, args.size, args.patch)
    random = torch.Generator().manual_seed(0)
    rows = patches_of(pictures_in(args.train, args.size), args.patch)
    rows = rows[torch.randperm(len(rows), generator=random)[: args.most]]
    table = learn(rows, codes, args.rounds, random)
    found = [
        Psnr().measure(Pair(one, decoded(one[None], table, args.patch)[0].clamp(0, 1)))["psnr"]
        for one in pictures_in(args.data, args.size, args.limit)
    ]
    mean = sum(found) / len(found)
    print(f"{codes} codes of {args.patch} x {args.patch} pixels, {args.bits} bits: {mean:.2f} dB")


if __name__ == "__main__":
    main()
