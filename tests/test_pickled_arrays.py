"""Reading centroids out of pickles without running them."""

import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from golden_case import GOLDEN

from zoo.errors import CheckpointCorruptError
from zoo.weights import read_estimator
from zoo.weights.pickled_arrays import _encoded

PICKLES = GOLDEN / "units" / "pickles"
FILES = sorted(path.name for path in PICKLES.iterdir() if path.suffix not in (".md", ".npy"))


@pytest.mark.parametrize("name", FILES)
def test_the_centroids_are_those_that_were_fitted(name: str) -> None:
    found = read_estimator(PICKLES / name)["cluster_centers_"]
    expected = np.load(PICKLES / f"{name.split('.')[0]}.npy")
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


class Evil:
    """What a pickle can do to whoever unpickles it."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call: tuple[object, ...] = (function, arguments)

    def __reduce__(self) -> tuple[object, ...]:
        return self.call


def kmeans_with(tmp_path: Path, thing: object) -> Path:
    """A k-means estimator, honest but for one attribute."""
    inner = pickle.dumps({"cluster_centers_": thing}, protocol=2)[2:-1]
    text = b"\x80\x02csklearn.cluster._kmeans\nKMeans\n)\x81" + inner + b"b."
    path = tmp_path / "evil.pt"
    path.write_bytes(text)
    return path


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_pickle_that_runs_code_is_refused_and_nothing_runs(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "executed"
    for function, argument in ((os.system, f"touch {mark}"), (eval, f"open({str(mark)!r}, 'w')")):
        path = tmp_path / "evil.pt"
        path.write_bytes(pickle.dumps(Evil(function, argument), protocol=protocol))
        with pytest.raises(CheckpointCorruptError, match=r"(?s)refused.*names.*executed"):
            read_estimator(path)
        with pytest.raises(CheckpointCorruptError, match="names"):
            read_estimator(kmeans_with(tmp_path, Evil(function, argument)))
    assert not mark.exists()


def test_the_few_names_that_are_known_cannot_be_turned_against_us(tmp_path: Path) -> None:
    cases = {
        "no object": b"c_codecs\nencode\n(N}X\x0c\x00\x00\x00__defaults__(K\x01tsta tb.",
        "no object ": b"c_codecs\nencode\n}X\x01\x00\x00\x00aK\x01sb.",
        "extension": b"\x80\x02\x82\x01.",
        "outside": b"\x80\x02U\x01aQ.",
        "no estimator": b"ccopyreg\n_reconstructor\n(cnumpy\nndarray\ncbuiltins\nobject\nNtR.",
        "no k-means": b"\x80\x02}.",
        "bytes in a file": b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b"abc.",
    }
    for what, content in cases.items():
        path = tmp_path / "evil.pt"
        path.write_bytes(content)
        with pytest.raises(CheckpointCorruptError) as caught:
            read_estimator(path)
        if what != "no object":  # a tuple that is no state fails on its own
            assert what.strip() in str(caught.value)
    assert _encoded.__defaults__ is None
    assert not vars(_encoded)


def test_damaged_files_and_other_arrays_are_refused(tmp_path: Path) -> None:
    whole = (PICKLES / "minibatch.joblib").read_bytes()
    path = tmp_path / "cut.pt"
    for end in (0, 1, 40, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(CheckpointCorruptError):
            read_estimator(path)
    objects = np.empty(2, dtype=object)
    with pytest.raises(CheckpointCorruptError, match="no numbers|raw bytes"):
        read_estimator(kmeans_with(tmp_path, objects))
    with pytest.raises(CheckpointCorruptError):
        read_estimator(tmp_path / "missing.pt")
