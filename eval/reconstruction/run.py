"""The loop of a reconstruction: read, encode once, decode at every quality, measure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch

from zoo.errors import MediaError, ZooError
from zoo.tokens import Tokens

from ..anchors import Anchor
from ..metrics import Pair, SampleMetric, Unmeasurable
from ..metrics.sets import SetMetric
from ..results.chunk import Chunk, Row, failure, merged
from ..results.compute import metered
from ..results.cost import draw, token_costs
from ..results.fingerprint import item_sha256
from ..samples import Sample
from ..samples.listing import sha256
from .ends import Ends, Entrance
from .numbers import plain
from .setup import Setup, key


class Read(NamedTuple):
    """A sample that could be read."""

    sample: Sample
    seed: int
    data_sha256: str
    media: object


class Reconstruction:
    """Measures chunk after chunk; ``plan.py`` makes the figures of them."""

    def __init__(
        self,
        setup: Setup,
        ends: Ends,
        metrics: Mapping[str, SampleMetric],
        sets: Mapping[str, SetMetric],
        anchors: Sequence[Anchor] = (),
    ) -> None:
        self.setup = setup
        self.ends = ends
        self.metrics = metrics
        self.sets = sets
        self.anchors = anchors

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on besides the metrics' own settings."""
        return {**self.setup.settings, **self.ends.settings}

    def chunk(self, samples: Sequence[Sample], first: int) -> Chunk:
        """Measure samples, the first of which is number ``first`` of the data set."""
        found, unread = [], Chunk()
        for number, sample in enumerate(samples, self.setup.seed + first):
            try:
                data = sample.read()
                media = self.ends.read(data)
            except (ZooError, OSError) as error:
                unread.failures.append(failure(sample.id, "read", error))
            else:
                found.append(Read(sample, number, sha256(data), media))
        try:
            parts = [self._score(found)] if found else []
        except ZooError:  # of one of them: the others must not suffer
            parts = [self._alone(one) for one in found]
        return merged([unread, *parts])

    def _alone(self, one: Read) -> Chunk:
        try:
            return self._score([one])
        except ZooError as error:
            stage = "read" if isinstance(error, MediaError) else "tokenizer"
            return Chunk(failures=[failure(one.sample.id, stage, error)])

    def _score(self, found: Sequence[Read]) -> Chunk:
        chunk = Chunk()
        entrance = self.ends.enter([one.media for one in found])
        seeds = [one.seed for one in found]
        arguments = {"batch_size": self.setup.batch_size, **self.setup.encode}
        with metered(chunk, "encode", len(found), *self._meter):
            tokens = self.setup.tok.encode(entrance.media, seed=seeds, **arguments)
        for one, reference, rate in zip(found, entrance.references, entrance.rates, strict=True):
            chunk.rows.append(
                {
                    "id": one.sample.id,
                    "data_sha256": one.data_sha256,
                    "seen_sha256": item_sha256(reference, self.setup.tok.modality),
                    **self.ends.size(reference, rate),
                    "qualities": {},
                }
            )
        for prefix in self.setup.prefixes:
            cut = tokens if prefix is None else tokens.prefix(prefix)
            self._decode(chunk, entrance, cut, prefix, seeds)
        for anchor in self.anchors:
            self._anchor(chunk, entrance, anchor)
        return chunk

    def _decode(
        self,
        chunk: Chunk,
        entrance: Entrance,
        tokens: Tokens,
        prefix: int | None,
        seeds: Sequence[int],
    ) -> None:
        """One quality of all items of a chunk."""
        name = key(prefix)
        with metered(chunk, f"decode {name}", len(tokens), *self._meter):
            decoded = self.ends.leave(tokens, seeds)
        both = zip(entrance.references, decoded, entrance.rates, strict=True)
        pairs = [self.ends.pair(a.cpu(), b.cpu(), rate) for a, b, rate in both]
        draw(chunk, name, tokens)
        for row, pair, cost in zip(chunk.rows, pairs, token_costs(tokens), strict=True):
            row["qualities"][name] = cost | self._measure(chunk, row["id"], prefix, pair)
        for label, metric in self.sets.items():
            if f"{label}/reference" not in chunk.arrays:
                references = [pair.reference for pair in pairs]
                chunk.arrays[f"{label}/reference"] = metric.features(references)
            chunk.arrays[f"{label}/{name}"] = metric.features([pair.decoded for pair in pairs])

    def _anchor(self, chunk: Chunk, entrance: Entrance, anchor: Anchor) -> None:
        """A classical codec on the same items, at each of its settings."""
        both = zip(chunk.rows, entrance.references, entrance.rates, strict=True)
        for row, reference, rate in both:
            for setting in anchor.settings:
                decoded, bits = anchor.code(reference.cpu(), rate, setting)
                pair = self.ends.pair(reference.cpu(), decoded, rate)
                name = f"{anchor.name} {setting}"
                figures = self._measure(chunk, row["id"], name, pair)
                row.setdefault("anchors", {})[name] = {"bits": bits} | figures

    def _measure(self, chunk: Chunk, sample: str, prefix: int | str | None, pair: Pair) -> Row:
        found: Row = {}
        pair = replace(pair, sample=sample)
        for name, metric in self.metrics.items():
            try:
                if not bool(pair.decoded.isfinite().all()):
                    raise Unmeasurable("NotFinite", "the reconstruction holds NaN or infinity")
                found |= {column: plain(v) for column, v in metric.measure(pair).items()}
            except Unmeasurable as error:
                entry = failure(sample, name, error.kind, str(error))
                chunk.failures.append(entry | {"prefix": prefix})
                found |= dict.fromkeys(metric.columns)
        return found

    @property
    def _meter(self) -> tuple[torch.device, bool]:
        return self.setup.tok.device, self.setup.flops
