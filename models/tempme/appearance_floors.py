"""What merging, moments and a codebook each cost, and the floors that a decoder has to beat.

    python -m zoo.models.tempme.appearance_floors tempme-tiny --data videos/

``videos/`` is laid out as for ``zoo train``: what is named ``val*`` is measured, the rest is what
the floors' codebooks are fitted to (k-means, as many slots and ids as the checkpoint's own, on the
same map, so that a floor spends exactly the same bits). Figures are means over windows.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from zoo.loading import load
from zoo.media.image import canonical
from zoo.train.clips import build_clips, held_out_windows
from zoo.train.data import find_entries

from .appearance_codec import AppearanceCodec, mean_frames
from .bench import plain
from .codebook_fit import fit_codebook
from .config import AppearanceConfig
from .encoder import MergedVideo
from .map_code import map_code_bits
from .tokenizer import TempMe
from .video_objective import window_psnr

EACH = 8  # windows at a time
RUNS = 5


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("name")
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--cache", type=Path, default=Path("runs/floors"), help="decoded videos")
    parser.add_argument("--windows", type=int, default=1200, help="to fit the floors' codebooks to")
    args = parser.parse_args()
    tok = load(args.name)
    assert isinstance(tok, TempMe)
    training, held_out = find_entries(args.data, "video")
    bank = build_clips(training, tok.input.size, 1.125, args.cache / "train.npy")
    windows = bank.windows(tok.config.merging.frames, tok.input.size, tok.input.fps)
    source = windows.paced(0.7, 1.6)
    random = torch.Generator().manual_seed(1)
    rows = torch.randint(len(source), (args.windows,), generator=random)
    judged = held_out_windows(
        held_out, lambda content: [piece.tensor for piece in tok.pieces(content)], 10**6
    )
    with torch.no_grad():
        floors = {
            name: fitted(tok, changes, [source[part] for part in rows.split(EACH)])
            for name, changes in (("means", False), ("moments", True))
        }
        report(tok, judged, floors)


def fitted(tok: TempMe, changes: bool, windows: list[Tensor]) -> AppearanceCodec:
    """A codec without networks that spends as many bits as the checkpoint's own."""
    own = tok.config.appearance
    assert own is not None
    config = AppearanceConfig(own.codebook, changes)
    codec = AppearanceCodec(config, tok.config.trunk, tok.config.merging.frames)
    vectors, sizes = [], []
    for batch in windows:
        video = tok.module.encoder(tok.normalized(batch))
        moments = codec.moments(canonical(batch), video.source, video.tokens.shape[1])
        vectors.append(moments.flatten(0, 1))
        sizes.append(video.sizes.flatten())
    random = torch.Generator().manual_seed(0)
    fit_codebook(codec.codebook, torch.cat(vectors), torch.cat(sizes).float(), random)
    return codec


def report(tok: TempMe, judged: Tensor, floors: dict[str, AppearanceCodec]) -> None:
    """All figures of the held-out windows [window, frame, 3, h, w]."""
    own, encoder = tok.module.appearance, tok.module.encoder
    assert own is not None
    found: dict[str, list[Tensor]] = {}
    map_bits: list[int] = []
    for batch in judged.split(EACH):
        frames, video = canonical(batch), encoder(tok.normalized(batch))
        map_bits += [map_code_bits(source) for source in video.source]
        shown = {
            "ids": through(own, frames, video),
            "means of groups": mean_frames(frames, video.source, encoder.groups, own.patch),
            "means of groups, same bits": through(floors["means"], frames, video),
            "moments": through(floors["moments"], frames, video, quantized=False),
            "moments, same bits": through(floors["moments"], frames, video),
            "vectors before the codebook": through(own, frames, video, quantized=False),
            "ids without merging": through(own, frames, unmerged(tok, batch)),
        }
        for name, decoded in shown.items():
            found.setdefault(name, []).append(window_psnr(decoded, frames))
    print(f"{len(judged)} windows of {judged.shape[1]} frames; PSNR in dB")
    for name, values in found.items():
        each = torch.cat(values)
        print(f"  {name:<30} {each.mean():.2f}  (least {each.min():.2f})")
    slots, size = own.codebook.table.shape[:2]
    patches = judged.shape[1] * tok.config.trunk.side**2
    for name, groups in (("merged", encoder.groups), ("unmerged", patches)):
        bits = groups * slots * torch.tensor(float(size)).log2()
        print(f"  {name}: {groups * slots} ids, {bits:.0f} bits")
    nominal = patches * tok.spec.extras[0].bits
    mean = sum(map_bits) / len(map_bits)
    print(f"  map: {mean:.0f} bits coded (mean), {nominal:.0f} nominal")
    costs(tok, judged[:1])


def through(
    codec: AppearanceCodec, frames: Tensor, video: MergedVideo, quantized: bool = True
) -> Tensor:
    """Frames as the codec gives them back."""
    moments = codec.moments(frames, video.source, video.tokens.shape[1])
    vectors = codec.vectors(moments, video.tokens, video.source)
    if quantized:
        vectors = codec.codebook.vectors(codec.codebook.ids(vectors))
    return codec.frames(vectors, video.source)


def unmerged(tok: TempMe, batch: Tensor) -> MergedVideo:
    """The same trunk with every patch for itself."""
    encoder, frames = tok.module.encoder, batch.shape[1]
    tokens = plain(encoder, tok.normalized(batch)).unflatten(0, (-1, frames))
    patches = tokens[:, :, 1:].flatten(1, 2)
    source = torch.arange(patches.shape[1]).view(1, frames, *tok.patches)
    return MergedVideo(
        patches,
        tokens[:, :, 0],
        torch.ones(patches.shape[:2], dtype=torch.long),
        source.expand(len(batch), -1, -1, -1),
    )


def costs(tok: TempMe, batch: Tensor) -> None:
    """Multiply-adds and CPU seconds of one window, with merging and without."""
    own, frames = tok.module.appearance, canonical(batch)
    assert own is not None
    makers: dict[str, Callable[[], MergedVideo]] = {
        "merged": lambda: tok.module.encoder(tok.normalized(batch)),
        "unmerged": lambda: unmerged(tok, batch),
    }
    calls: dict[str, Callable[[], object]] = {}
    for name, make in makers.items():
        calls[f"trunk, {name}"] = make
        calls[f"encode and decode, {name}"] = lambda make=make: through(own, frames, make())
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(RUNS):  # in turns, so that all see the same machine
        for name, call in calls.items():
            start = time.process_time()
            call()
            best[name] = min(best[name], time.process_time() - start)
    for name, call in calls.items():
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            call()
        flops = counter.get_total_flops() / 1e9
        print(f"  {name}: {flops / 2:.3f} G MACs, {flops:.3f} G FLOPs, {best[name]:.3f} CPU s")


if __name__ == "__main__":
    main()
