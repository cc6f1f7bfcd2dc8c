"""A small GPT that learns to write the tokens of pictures, and the pictures it writes.

    python -m zoo.demo.examples.small_gpt --data photos/ --out gpt --minutes 3

Tokenizes the pictures once (``zoo tokenize``), trains a GPT-2 of transformers on the streams that
``TokenDataset.ids`` gives, samples new ones, and decodes them into ``samples.png``. A tokenizer
whose vocabulary is large is written in two digits per id, so that the GPT's table stays small.
"""

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel, set_seed

import zoo
from zoo.bulk.job import Job
from zoo.bulk.run import tokenize
from zoo.media.grid import labelled_grid

DIGITS = 1024  # a larger vocabulary is written in base ceil(sqrt(vocabulary))


class Alphabet:
    """Ids of one vocabulary as a GPT's: a begin mark, and one or two digits per id."""

    def __init__(self, vocabulary: int) -> None:
        self.base = vocabulary if vocabulary <= DIGITS else math.isqrt(vocabulary - 1) + 1
        self.per_id = 1 if self.base == vocabulary else 2
        self.vocabulary = vocabulary
        self.begin = self.per_id * self.base
        self.size = self.begin + 1

    def write(self, ids: Tensor) -> Tensor:
        """[item, n] -> [item, 1 + n * digits]"""
        digits = [ids] if self.per_id == 1 else [ids // self.base, self.base + ids % self.base]
        flat = torch.stack(digits, -1).flatten(1)
        return torch.cat([torch.full_like(flat[:, :1], self.begin), flat], 1)

    def read(self, written: Tensor) -> Tensor:
        """The inverse, without the begin mark."""
        digits = written[:, 1:].reshape(len(written), -1, self.per_id)
        if self.per_id == 1:
            return digits[..., 0]
        return digits[..., 0] * self.base + digits[..., 1] - self.base

    def legal(self, written: Tensor) -> Tensor:
        """True [size] for what may come next: this place's digits, and none beyond the last id."""
        place = (written.shape[-1] - 1) % self.per_id
        mask = torch.zeros(self.size, dtype=torch.bool)
        top = self.base
        if self.per_id == 2 and place == 0:
            top = (self.vocabulary - 1) // self.base + 1
        if (
            self.per_id == 2
            and place == 1
            and int(written[-1]) == (self.vocabulary - 1) // self.base
        ):
            top = (self.vocabulary - 1) % self.base + 1
        mask[place * self.base : place * self.base + top] = True
        return mask


def train(streams: Tensor, alphabet: Alphabet, args: argparse.Namespace) -> GPT2LMHeadModel:
    """Train for ``--minutes`` on rows drawn at random; prints the loss now and then."""
    set_seed(args.seed)
    config = GPT2Config(
        vocab_size=alphabet.size,
        n_positions=streams.shape[1],
        n_embd=args.width,
        n_layer=args.depth,
        n_head=max(1, args.width // 32),
        bos_token_id=alphabet.begin,
        eos_token_id=None,
    )
    model = GPT2LMHeadModel(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
    end, step = time.monotonic() + 60 * args.minutes, 0
    while step < args.steps if args.steps else time.monotonic() < end:
        rows = torch.randint(len(streams), (args.batch,))
        loss = model(input_ids=streams[rows], labels=streams[rows]).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if step % 100 == 0:
            bits = loss.item() * alphabet.per_id / math.log(2)
            print(
                f"step {step}: {bits:.2f} bits an id, {math.log2(alphabet.vocabulary):.2f} nominal"
            )
        step += 1
    return model.eval()


def main() -> None:
    """Run it all; every step's result stays in ``--out``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="pictures, as SOURCE of 'zoo tokenize'")
    parser.add_argument("--out", type=Path, default=Path("small-gpt"))
    parser.add_argument("--model", default="flextok-tiny")
    parser.add_argument("--prefix", type=int, default=16, help="tokens of a picture that are used")
    parser.add_argument("--limit", type=int, help="pictures at most")
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--steps", type=int, help="instead of minutes")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    job = Job.plan(args.model, args.data, prefix=args.prefix, limit=args.limit)
    tokenize(job, args.out / "tokens", progress=True)
    data = zoo.TokenDataset(args.out / "tokens")
    alphabet = Alphabet(data.spec.vocab_sizes[0])
    streams = alphabet.write(torch.stack(data.ids(range(len(data)))))  # [item, length]
    held = max(1, len(streams) // 10)
    model = train(streams[held:], alphabet, args)
    with torch.no_grad():
        loss = float(model(input_ids=streams[:held], labels=streams[:held]).loss)
        # its type hides what transformers mixes in
        written = cast(Any, model).generate(
            torch.full((args.samples, 1), alphabet.begin),
            do_sample=True,
            top_k=64,
            max_new_tokens=streams.shape[1] - 1,
            prefix_allowed_tokens_fn=lambda _, so_far: (
                alphabet.legal(so_far).nonzero()[:, 0].tolist()
            ),
        )
    tokens = data.tokenizer.from_ids(list(alphabet.read(written)))
    pictures = data.tokenizer.decode(tokens, seed=args.seed)
    cells = [[(item, f"sample {row}") for row, item in enumerate(pictures.items)]]
    labelled_grid(cells).save(args.out / "samples.png")
    figures = {
        "pictures": len(data),
        "bits_per_id": loss * alphabet.per_id / math.log(2),
        "nominal_bits_per_id": math.log2(alphabet.vocabulary),
    }
    (args.out / "figures.json").write_text(json.dumps(figures, indent=1))
    print(f"held-out pictures: {figures['bits_per_id']:.2f} bits an id; {args.out}/samples.png")


if __name__ == "__main__":
    main()
