"""Source maps as few bytes: an exact code of [frame, row, column] labels.

Labels are canonical (numbered by first appearance), so every cell is either the next new label or
one that was seen. The model asks in turn whether the cell is as in the frame before, as its left or
its upper neighbour, new, or some other label; how often each answer came in the same context is
learned while coding, alike on both sides, and a range coder does the rest. Other labels are likely
where their cells are near. Nothing but the map is stored: shape and number of labels stand in
Tokens anyhow (the grid and the positions).
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zoo.errors import TokenError

NEW, OTHER = 3, 4  # answers 0..2 are the frame before, left, up
_PRIOR = 0.3  # of an answer that was never given
_FAR = 0.02  # weight of a label wherever it is, beside that of its cells by distance

_Choose = Callable[[np.ndarray, int], int]  # weights, the right one (encoding) -> the right one


def encode_map(source_map: Tensor) -> bytes:
    """Canonical labels [frame, row, column] -> bytes.

    Raises:
        TokenError: for a map that has no cells or whose labels are not canonical.
    """
    labels = source_map.detach().cpu().numpy().astype(np.int64)
    if labels.ndim != 3 or labels.size == 0:
        raise TokenError(f"source map of shape {[*labels.shape]}: expected [frame, row, column]")
    _check_canonical(labels)
    stream = _stream()
    encoder = stream.queue.RangeEncoder()

    def choose(weights: np.ndarray, wanted: int) -> int:
        if len(weights) > 1:
            encoder.encode(wanted, stream.model.Categorical(weights, perfect=False))
        return wanted

    _walk(labels, int(labels.max()) + 1, choose, known=True)
    return encoder.get_compressed().astype("<u4").tobytes()


def decode_map(data: bytes, shape: Sequence[int], labels: int) -> Tensor:
    """The inverse: int32 [frame, row, column] of ``shape`` with ``labels`` labels.

    Raises:
        TokenError: for bytes that are no code of such a map.
    """
    if len(data) % 4 or len(shape) != 3 or not 1 <= labels <= int(np.prod(shape)):
        raise TokenError(f"map code: {len(data)} bytes cannot hold {labels} labels on {[*shape]}")
    stream = _stream()
    decoder = stream.queue.RangeDecoder(np.frombuffer(data, "<u4").astype(np.uint32))

    def choose(weights: np.ndarray, wanted: int) -> int:
        if len(weights) == 1:
            return 0
        return int(decoder.decode(stream.model.Categorical(weights, perfect=False)))

    cells = np.zeros(tuple(shape), np.int64)
    try:
        _walk(cells, labels, choose, known=False)
    except AssertionError as error:  # the decoder met bits that no encoder writes
        raise TokenError(f"map code: damaged ({error})") from error
    source_map = torch.from_numpy(cells.astype(np.int32))
    if encode_map(source_map) != data:
        raise TokenError(f"map code: these {len(data)} bytes are not the code of such a map")
    return source_map


def map_code_bits(source_map: Tensor) -> int:
    """How many bits :func:`encode_map` takes, whole 32-bit words of the range coder."""
    return 8 * len(encode_map(source_map))


def _walk(cells: np.ndarray, labels: int, choose: _Choose, known: bool) -> None:
    """Visit every cell in order; ``choose`` writes or reads its label, which stands in ``cells``.

    Encoding (``known``) only reads ``cells``; decoding fills it. Both see the same past.
    """
    frames, rows, columns = cells.shape
    counts: dict[tuple[int, ...], np.ndarray] = {}
    answers = np.full(cells.shape, -1)  # what was answered where: part of the context
    places = np.indices(cells.shape).reshape(3, -1)
    flat, used = cells.reshape(-1), 0
    for index in range(cells.size):
        t, y, x = (int(place) for place in places[:, index])
        target = int(flat[index]) if known else -1
        near = (
            int(cells[t - 1, y, x]) if t else -1,
            int(cells[t, y, x - 1]) if x else -1,
            int(cells[t, y - 1, x]) if y else -1,
        )
        if labels - used == cells.size - index:  # all that is left is new
            label, answer = used, NEW
        else:
            open_ = _open_answers(near, used, labels)
            context = (
                *(int(one) for one in open_),
                int(near[1] == near[2]),
                answers[t, y, x - 1] if x else -1,
                answers[t, y - 1, x] if y else -1,
            )
            seen = counts.setdefault(context, np.full(5, _PRIOR))
            answer = choose(np.where(open_, seen, 0.0)[open_], _answer(target, near, used, open_))
            answer = int(np.flatnonzero(open_)[answer])
            seen[answer] += 1
            if answer == OTHER:
                rest = np.setdiff1d(np.arange(used), near)
                weights = _nearness(flat, places, index, used)[rest]
                label = int(rest[choose(weights, int(np.searchsorted(rest, target)))])
            else:
                label = used if answer == NEW else near[answer]
        flat[index] = label
        answers[t, y, x] = answer
        used = max(used, label + 1)


def _open_answers(near: tuple[int, int, int], used: int, labels: int) -> np.ndarray:
    """Which answers are possible, as bool [5]; where two neighbours agree, the first speaks."""
    before, left, up = near
    return np.array(
        [
            before >= 0,
            left >= 0 and left != before,
            up >= 0 and up not in (before, left),
            used < labels,
            used > len({before, left, up} - {-1}),
        ]
    )


def _answer(target: int, near: tuple[int, int, int], used: int, open_: np.ndarray) -> int:
    """The place of the true answer among the open ones."""
    if target < 0:
        return -1
    answer = NEW if target == used else near.index(target) if target in near else OTHER
    return int(open_[:answer].sum())


def _nearness(flat: np.ndarray, places: np.ndarray, index: int, used: int) -> np.ndarray:
    """Weight [label] of the labels so far: their cells by distance from cell ``index``."""
    away = places[:, :index] - places[:, index : index + 1]
    weights = 1.0 / (away * away).sum(0) ** 2
    return _FAR + np.bincount(flat[:index], weights, used)


def _check_canonical(labels: np.ndarray) -> None:
    flat = labels.reshape(-1)
    highest = np.maximum.accumulate(flat)
    before = np.concatenate([[-1], highest[:-1]])
    wrong = (flat < 0) | (flat > before + 1)
    if wrong.any():
        place = [int(one) for one in np.unravel_index(int(wrong.argmax()), labels.shape)]
        raise TokenError(f"source map: label {flat[wrong.argmax()]} at {place} is not canonical")


def _stream() -> Any:
    return import_module("constriction").stream  # late: only maps that are coded need it
