"""Whether spoken digits stay digits: a classifier of originals hears decoded ones.

  python -m zoo.eval.baselines.digits codec-tiny --train DIR --data DIR --prefix 1,2,4,8

File names begin with the digit (``7_jackson_32.flac``). A logistic regression is trained on
originals of --train, as the model hears them, and tested on those of --data and on what the
tokenizer makes of them. It sees log mel bands: their means and deviations over time, and their
means in each eighth of the recording.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torchaudio.functional import melscale_fbanks

import zoo
from zoo.commands.parts.arguments import numbers
from zoo.media.listing import list_entries
from zoo.tokenizer import Tokenizer

BANDS, WINDOW, PARTS = 40, 0.032, 8
FLOOR = 1e-3


def features(sound: Tensor, rate: int) -> np.ndarray:
    """Sound [1, samples] -> one vector."""
    size = round(WINDOW * rate)
    spectrum = torch.stft(
        torch.nn.functional.pad(sound[0], (0, max(0, PARTS * size - sound.shape[1]))),
        size,
        size // 4,
        window=torch.hann_window(size),
        return_complex=True,
    ).abs()
    mel = melscale_fbanks(size // 2 + 1, 60.0, 4000.0, BANDS, rate).T @ spectrum
    level = (mel + FLOOR).log()  # [band, time]
    means = torch.stack([part.mean(1) for part in level.tensor_split(PARTS, dim=1)])
    return torch.cat([level.mean(1), level.std(1), means.flatten()]).numpy()


def heard(tok: Tokenizer, paths: Sequence[Path]) -> list[Tensor]:
    """The recordings as the model hears them."""
    return [tok.view(path).items[0] for path in paths]


def vectors(sounds: Sequence[Tensor], rate: int) -> np.ndarray:
    """One row per sound."""
    return np.stack([features(sound, rate) for sound in sounds])


def main() -> None:
    """Print the accuracy on originals, and on what each prefix makes of them."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--train", type=Path, required=True, metavar="DIR")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--prefix", type=numbers, default=None, metavar="K,K,...")
    args = parser.parse_args()
    tok = zoo.load(args.name)
    rate = tok.sample_rate
    assert rate is not None
    train, test = (
        [entry.path for entry in list_entries(folder, "audio")]
        for folder in (args.train, args.data)
    )
    labels, truth = (np.array([int(path.name[0]) for path in paths]) for paths in (train, test))
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))
    probe.fit(vectors(heard(tok, train), rate), labels)
    originals = probe.score(vectors(heard(tok, test), rate), truth)
    print(f"originals: {originals:.4f} of {len(test)}", flush=True)
    tokens = tok.encode(test)
    for prefix in args.prefix or list(tok.prefixes):
        decoded = tok.decode(tokens.prefix(prefix))
        score = probe.score(vectors(decoded.items, rate), truth)
        print(
            f"prefix {prefix}: {score:.4f}, {score / originals:.3f} of the originals'", flush=True
        )


if __name__ == "__main__":
    main()
