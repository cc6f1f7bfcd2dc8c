"""Tokens as rows of an Arrow table, and back.

One row is one item: ``key``, ``ids`` (int32, slot by slot, -1 for a hole; or ``packed``: the bits
that :func:`zoo.tokens.pack_codes` writes), ``positions``, ``slots``, ``grid``, ``origin``, and per
extra its values and shape. The schema's metadata says what the ids are: a file explains itself.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ..errors import TokenError
from ..tokens import Tokens, TokenSpec
from ..tokens.extras import dtype_of
from .columns import (
    extra_columns,
    grid_column,
    id_column,
    origin_column,
    read_extra,
    read_ids,
    read_origin,
)
from .needs import needs

META = b"zoo.tokens"
VERSION = 1


def to_table(tokens: Tokens, keys: Sequence[str], *, packed: bool = False) -> Any:
    """A pyarrow Table of one row per item, in the order of the items."""
    pa = needs("pyarrow")
    columns = {
        "key": pa.array(keys, pa.string()),
        "packed" if packed else "ids": id_column(tokens, packed),
        "positions": pa.array(tokens.lengths.cpu().numpy(), pa.int32()),
        "slots": pa.array(tokens.slot_counts.cpu().numpy(), pa.int16()),
        "grid": grid_column(tokens),
        "origin": origin_column(tokens),
    }
    for extra in tokens.spec.extras:
        columns |= extra_columns(tokens, extra)
    facts = {
        "version": VERSION,
        "ids": "bits" if packed else "plain",
        "space": tokens.space,
        "spec": tokens.spec.to_dict(),
        "made_by": tokens.made_by,
    }
    metadata = {META: json.dumps(facts, sort_keys=True).encode()}
    return pa.table(columns).replace_schema_metadata(metadata)


def empty_table(
    spec: TokenSpec, space: str, made_by: Mapping[str, Any], *, packed: bool = False
) -> Any:
    """The same columns and metadata without a row."""
    none = torch.zeros(0, spec.num_slots, 0, dtype=torch.int64)
    extras = {e.name: torch.zeros([0] * len(e.axes), dtype=dtype_of(e)) for e in spec.extras}
    tokens = Tokens(none, spec=spec, space=space, extras=extras, made_by=made_by)
    return to_table(tokens, [], packed=packed)


def read_facts(schema: Any, where: object) -> dict[str, Any]:
    """What a file's metadata says; TokenError for a foreign file or another version."""
    text = (schema.metadata or {}).get(META)
    if text is None:
        raise TokenError(f"{where}: no file of 'zoo tokenize': its metadata has no zoo.tokens")
    facts = json.loads(text)
    if facts.get("version") != VERSION:
        raise TokenError(f"{where}: version {facts.get('version')!r}; this zoo reads {VERSION}")
    return facts


def from_table(table: Any, facts: Mapping[str, Any], spec: TokenSpec) -> Tokens:
    """Rows as Tokens, in their order; everything is checked against the spec."""
    lengths, slots = (
        torch.from_numpy(table.column(name).to_numpy().astype("int64"))
        for name in ("positions", "slots")
    )
    grid = table.column("grid")
    return Tokens(
        read_ids(table, spec, facts["ids"] == "bits", lengths, slots),
        spec=spec,
        space=facts["space"],
        lengths=lengths,
        grid=None if grid.null_count or not len(grid) else grid.to_pylist(),
        origin=[read_origin(row) for row in table.column("origin").to_pylist()],
        extras={extra.name: read_extra(table, extra) for extra in spec.extras},
        made_by=facts["made_by"],
    )
