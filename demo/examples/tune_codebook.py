"""A codec whose codebooks learn what a task needs, and that still decodes.

    python -m zoo.demo.examples.tune_codebook --data digits/ --out tuned --steps 300

In the spirit of ETT (Wang et al. 2025, arXiv 2505.10562): a classifier reads the codebooks'
vectors, not the ids, so that its gradients reach codebooks and encoder; a reconstruction loss keeps
the sounds. Sounds lie in a folder per class. Prints accuracy and distortion before and after, and
writes a checkpoint of its own, whose ids mean something new: ``zoo.load("tuned")``.

Of 420 spoken digits (``--steps 150 --batch 16``) 62 % of the held-out fifth were right before and
65 % after, while the distortion fell from 1.69 to 1.62.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import zoo
from zoo.train.result import write_checkpoint

WINDOWS = (256, 1024)  # of the spectra that sounds are compared by
FIXED = (".filters.", ".project.")  # of codec-tiny: far smaller numbers than a step of Adam


def embed(codec: nn.Module, sounds: Tensor) -> tuple[Tensor, Tensor]:
    """Sounds [b, 1, samples] -> sums of the codebooks' vectors [b, dim, positions], and a loss.

    By value what the ids stand for; gradients go to the rows that were chosen, and straight
    through to the encoder. The loss keeps latents and what is said of them together.
    """
    latents = codec.encoder(sounds)  # pyright: ignore[reportCallIssue]
    rest, total = latents.detach().transpose(1, 2), torch.zeros_like(latents).transpose(1, 2)
    for level in codec.quantizer.levels:  # pyright: ignore
        table = level.codebook.weight
        ids = torch.cdist(rest.flatten(0, 1), table.detach()).argmin(1).view(rest.shape[:2])
        chosen = F.embedding(ids, table)
        rest, total = rest - chosen.detach(), total + chosen
    said = total.transpose(1, 2)
    apart = F.mse_loss(said, latents.detach()) + F.mse_loss(latents, said.detach())
    return said + (latents - latents.detach()), apart / latents.detach().square().mean()


def distortion(made: Tensor, sounds: Tensor) -> Tensor:
    """Mean difference of logarithmic spectra."""
    found = []
    for size in WINDOWS:
        one, other = (
            torch.stft(
                x[:, 0], size, size // 4, window=torch.hann_window(size), return_complex=True
            )
            .abs()
            .clamp(min=1e-4)
            .log()
            for x in (made, sounds)
        )
        found.append((one - other).abs().mean())
    return torch.stack(found).mean()


class Reader(nn.Module):
    """Mean and spread over positions, then two layers -> logits."""

    def __init__(self, dim: int, classes: int, width: int = 128) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(2 * dim), nn.Linear(2 * dim, width), nn.GELU(), nn.Linear(width, classes)
        )

    def forward(self, vectors: Tensor) -> Tensor:
        """[b, dim, positions] -> [b, class]."""
        return self.layers(torch.cat([vectors.mean(2), vectors.std(2)], 1))


def train(
    codec: nn.Module, sounds: Tensor, labels: Tensor, args: argparse.Namespace, *, tune: bool
) -> Reader:
    """A new reader; with ``tune`` the codec learns along with it."""
    torch.manual_seed(args.seed)
    tuned = [
        weight.requires_grad_(tune)
        for name, weight in codec.named_parameters()
        if not any(part in name for part in FIXED)
    ]
    reader = Reader(embed(codec, sounds[:1])[0].shape[1], int(labels.max()) + 1)
    groups = [{"params": reader.parameters(), "lr": 2e-3}]
    if tune:
        groups.append({"params": tuned, "lr": args.rate})
    optimizer = torch.optim.AdamW(groups)
    for _ in range(args.steps):
        rows = torch.randint(len(sounds), (args.batch,))
        vectors, apart = embed(codec, sounds[rows])
        loss = F.cross_entropy(reader(vectors), labels[rows])
        if tune:
            made = codec.decoder(vectors)  # pyright: ignore[reportCallIssue]
            loss = loss + args.keep * (distortion(made, sounds[rows]) + apart)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(tuned, 1.0)
        optimizer.step()
    return reader


@torch.no_grad()
def judged(codec: nn.Module, reader: Reader, sounds: Tensor, labels: Tensor) -> dict[str, float]:
    """Share of held-out sounds that are right, and how far their reconstructions are off."""
    vectors, _ = embed(codec, sounds)
    right = (reader(vectors).argmax(1) == labels).float().mean()
    made = codec.decoder(vectors)  # pyright: ignore[reportCallIssue]
    return {"accuracy": float(right), "distortion": float(distortion(made, sounds))}


def read(tok: zoo.Tokenizer, folder: Path, limit: int | None) -> tuple[Tensor, Tensor, list[str]]:
    """Sounds [item, 1, samples] cut or filled to one second, their classes, the classes' names."""
    paths = sorted(path for path in folder.glob("*/*") if path.is_file())[:limit]
    names = sorted({path.parent.name for path in paths})
    assert tok.sample_rate is not None
    second = tok.sample_rate
    items = [tok.view(path).items[0][:, :second] for path in paths]
    sounds = torch.stack([F.pad(item, (0, second - item.shape[1])) for item in items])
    return sounds, torch.tensor([names.index(path.parent.name) for path in paths]), names


def main() -> None:
    """Train a reader on the codec as it is, then one along with it; write the tuned codec."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="sounds in a folder per class")
    parser.add_argument("--out", type=Path, default=Path("tuned"))
    parser.add_argument("--model", default="codec-tiny", help="of the family codec")
    parser.add_argument("--limit", type=int, help="sounds at most")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=3e-5, help="learning rate of the codec")
    parser.add_argument("--keep", type=float, default=3.0, help="weight of the reconstruction")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    tok = zoo.load(args.model)
    sounds, labels, names = read(tok, args.data, args.limit)
    held = torch.rand(len(sounds), generator=torch.Generator().manual_seed(args.seed)) < 0.2
    figures: dict[str, Any] = {"sounds": len(sounds), "classes": len(names)}
    for name, tune in (("as it is", False), ("tuned", True)):
        reader = train(tok.module, sounds[~held], labels[~held], args, tune=tune)
        figures[name] = judged(tok.module, reader, sounds[held], labels[held])
        print(f"{name}: {figures[name]}")
    args.out.mkdir(parents=True, exist_ok=True)
    told = f"# {args.model}, tuned\n\nBy `zoo.demo.examples.tune_codebook`: {json.dumps(figures)}\n"
    write_checkpoint(tok.card, tok.module, args.out, told, seed=args.seed)
    (args.out / "figures.json").write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
