"""A classifier that never sees a pixel: pictures are stored as tokens, and learned from them.

    python -m zoo.demo.examples.token_classifier --data labelled/ --out seit --minutes 3

In the spirit of SeiT (Park et al. 2023, arXiv 2303.11114): a labelled set (a folder per class, or
WebDataset shards with ``.cls``) is tokenized once; then the same small transformer is trained on
the stored tokens alone and, for comparison, on the pixels, for equally long. Prints accuracy and
bytes of both.
"""

import argparse
import json
import tarfile
import time
from pathlib import Path

import torch
from einops import rearrange
from torch import Tensor, nn

import zoo
from zoo.bulk.job import Job
from zoo.bulk.opening import open_manifest, source_of
from zoo.bulk.run import tokenize

PATCH = 8  # pixels of the comparison's patches


class Classifier(nn.Module):
    """Vectors [item, position, dim] -> logits [item, class], by a small transformer."""

    def __init__(self, dim: int, positions: int, classes: int, width: int = 128) -> None:
        super().__init__()
        self.embed = nn.Linear(dim, width)
        self.place = nn.Parameter(0.02 * torch.randn(positions, width))
        layer = nn.TransformerEncoderLayer(
            width, 4, 4 * width, 0.1, "gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, classes))

    def forward(self, vectors: Tensor) -> Tensor:
        """Mean over positions, then a linear layer."""
        return self.head(self.layers(self.embed(vectors) + self.place).mean(1))


def accuracy(inputs: Tensor, labels: Tensor, args: argparse.Namespace) -> float:
    """Train on nine tenths for ``--minutes``; the share of the last tenth that is right."""
    torch.manual_seed(args.seed)
    held = torch.rand(len(inputs)) < 0.1
    train_x, train_y = inputs[~held], labels[~held]
    model = Classifier(inputs.shape[2], inputs.shape[1], int(labels.max()) + 1).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4, weight_decay=0.05)
    end, step = time.monotonic() + 60 * args.minutes, 0
    while step < args.steps if args.steps else time.monotonic() < end:
        rows = torch.randint(len(train_x), (64,))
        loss = nn.functional.cross_entropy(model(train_x[rows]), train_y[rows], label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        step += 1
    model.eval()
    with torch.no_grad():
        guesses = torch.cat([model(part).argmax(1) for part in inputs[held].split(256)])
    return float((guesses == labels[held]).float().mean())


def labels_of(keys: list[str], source: str) -> list[str]:
    """The class of each item: the folder it lies in, or its ``.cls`` in the shard."""
    shards = sorted({key.split(".tar/")[0] + ".tar" for key in keys if ".tar/" in key})
    if not shards:
        return [key.rpartition("/")[0] for key in keys]
    base = Path(source) if Path(source).is_dir() else Path(source).parent
    found = {}
    for shard in shards:
        with tarfile.open(base / shard) as archive:
            for info in archive:
                if info.name.endswith(".cls"):
                    file = archive.extractfile(info)
                    assert file is not None
                    found[f"{shard}/{info.name[:-4]}"] = file.read().decode().strip()
    return [found[key] for key in keys]


def main() -> None:
    """Tokenize, train twice, print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="as SOURCE of 'zoo tokenize'")
    parser.add_argument("--out", type=Path, default=Path("token-classifier"))
    parser.add_argument("--model", default="flextok-tiny")
    parser.add_argument("--limit", type=int, help="pictures at most")
    parser.add_argument("--minutes", type=float, default=3, help="of training, each")
    parser.add_argument("--steps", type=int, help="instead of minutes")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    job = Job.plan(args.model, args.data, limit=args.limit)
    tokenize(job, args.out / "tokens", progress=True)
    data = zoo.TokenDataset(args.out / "tokens")
    names = labels_of(data.keys, job.source)
    classes = sorted(set(names))
    labels = torch.tensor([classes.index(name) for name in names])

    vectors = torch.cat(
        [data.tokenizer.vectors(data[row : row + 256]).tensor for row in range(0, len(data), 256)]
    )
    manifest = open_manifest(args.out / "tokens", job)
    source = source_of(job, manifest)
    listed = {e.key: e for unit in range(manifest.units) for e in manifest.entries(unit)}
    media = [source.read(listed[key]) for key in data.keys]
    seen = torch.stack(data.tokenizer.view(media).items)
    seen = seen.float() / (255 if seen.dtype == torch.uint8 else 1)
    patches = rearrange(seen, "b c (y p) (x q) -> b (y x) (c p q)", p=PATCH, q=PATCH)

    total = sum(path.stat().st_size for path in data.paths)
    figures = {
        "pictures": len(data),
        "classes": len(classes),
        "accuracy_tokens": accuracy(vectors, labels, args),
        "accuracy_pixels": accuracy(patches - 0.5, labels, args),
        "bytes_tokens": total / len(data),
        "bytes_files": sum(len(one) for one in media if isinstance(one, bytes)) / len(data),
        "bytes_pixels": seen[0].numel(),
    }
    (args.out / "figures.json").write_text(json.dumps(figures, indent=1))
    print(
        f"tokens: {figures['accuracy_tokens']:.1%} right, {figures['bytes_tokens']:.0f} bytes each"
        f"\npixels: {figures['accuracy_pixels']:.1%} right, {figures['bytes_pixels']} bytes each "
        f"({figures['bytes_files']:.0f} as files); chance {1 / len(classes):.1%}"
    )


if __name__ == "__main__":
    main()
