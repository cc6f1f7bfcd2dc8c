"""One unit: its items -> one Parquet file of tokens, and one of errors where there are any.

The same function runs in the local engine and on a cluster. Files appear whole or not at all, and
hold nothing that differs between two runs: a unit done twice gives the same bytes.
"""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..atomic import atomic_write
from ..engine.provenance import made_by
from ..errors import ZooError
from ..files.checksum import sha256_of
from ..media import Prepared
from ..tokenizer import Tokenizer
from ..tokens import Tokens
from .feed import Failure, Item
from .job import Job
from .journal import Record
from .needs import needs
from .rows import empty_table, to_table
from .sources import Entry

TOKENS, ERRORS = "tokens", "errors"
WINDOW_ITEMS = 256  # prepared items that are held at a time ...
WINDOW_BYTES = 256 << 20  # ... and their bytes


def run_unit(
    tok: Tokenizer,
    job: Job,
    folder: Path,
    unit: int,
    items: Iterable[Item],
    *,
    batch_size: int | None = None,
) -> Record:
    """Encode one unit and write it; returns what the journal keeps.

    Raises:
        OSError: where the files cannot be written; nothing is left behind then.
    """
    started = time.perf_counter()
    tables, failures, ids, bits = [], [], 0, 0.0
    chosen = {"prefix": job.prefix, "batch_size": batch_size, "seed": job.seed}
    for window in _windows(items):
        failures += [(entry, one) for entry, one in window if isinstance(one, Failure)]
        ready = [(entry, one) for entry, one in window if isinstance(one, Prepared)]
        for tokens, entries in _encoded(tok, ready, failures, job, chosen):
            tables.append(to_table(tokens, [e.key for e in entries], packed=job.packed))
            ids += int((tokens.codes >= 0).sum())
            bits += float((tokens.bits() + tokens.extra_bits()).sum())
    files = {}
    name = unit_file(ERRORS, unit)
    if failures:
        files[name] = _write(_error_table(failures), folder / name)
    else:  # of an earlier attempt, when something could not be read
        (folder / name).unlink(missing_ok=True)
    name = unit_file(TOKENS, unit)
    files[name] = _write(_joined(tok, job, tables), folder / name)
    return Record(
        unit=unit,
        rows=sum(map(len, tables)),
        errors=len(failures),
        ids=ids,
        bits=bits,
        bytes=sum((folder / name).stat().st_size for name in files),
        files=files,
        seconds=time.perf_counter() - started,
    )


def unit_file(kind: str, unit: int) -> str:
    """The name of a unit's file below the output folder."""
    return f"{kind}/part-{unit:08}.parquet"


def _windows(items: Iterable[Item]) -> Iterator[list[Item]]:
    window: list[Item] = []
    held = 0
    for item in items:
        window.append(item)
        if isinstance(item[1], Prepared):
            held += item[1].tensor.nbytes
        if len(window) == WINDOW_ITEMS or held >= WINDOW_BYTES:
            yield window
            window, held = [], 0
    if window:
        yield window


def _encoded(
    tok: Tokenizer,
    ready: list[tuple[Entry, Prepared]],
    failures: list[tuple[Entry, Failure]],
    job: Job,
    chosen: dict[str, Any],
) -> Iterator[tuple[Tokens, list[Entry]]]:
    """Tokens of the items that can be encoded; where a batch fails, its items go one by one.

    An error of the networks that every one of several items meets is not theirs: it is raised.
    """
    if not ready:
        return
    entries, prepared = [entry for entry, _ in ready], [one for _, one in ready]
    try:
        yield tok.encode_prepared(prepared, **chosen, **job.options), entries
        return
    except (ZooError, RuntimeError, ValueError) as error:  # memory of a device among them
        failed, at = error.with_traceback(None), len(failures)  # frames hold tensors
    if len(ready) == 1:
        failures.append((entries[0], Failure.of(failed)))
        return
    for one in ready:
        yield from _encoded(tok, [one], failures, job, chosen)
    if len(failures) - at == len(ready) and not isinstance(failed, ZooError):
        raise ZooError(f"{tok.name} can encode none of {len(ready)} items: {failed}") from failed


def _joined(tok: Tokenizer, job: Job, tables: list[Any]) -> Any:
    made = made_by(tok, job.options)
    return (
        needs("pyarrow").concat_tables(tables)
        if tables
        else empty_table(tok.spec, tok.space, made, packed=job.packed)
    )


def _error_table(failures: list[tuple[Entry, Failure]]) -> Any:
    pa = needs("pyarrow")
    rows = [{"key": e.key, "kind": one.kind, "reason": one.reason} for e, one in failures]
    return pa.Table.from_pylist(rows, pa.schema([(n, pa.string()) for n in rows[0]]))


def _write(table: Any, path: Path) -> str:
    """Write a table whole; returns the file's hash.

    Integers as split bytes with zstd: within a few per cent of the ids' nominal bits, less where
    ids are skewed, and any Parquet reader reads it.
    """
    pa, parquet = needs("pyarrow"), needs("pyarrow.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = [
        f"{field.name}.list.element"
        for field in table.schema
        if pa.types.is_list(field.type) and not pa.types.is_boolean(field.type.value_type)
    ]
    with atomic_write(path) as temporary:
        parquet.write_table(
            table,
            temporary,
            compression="zstd",
            use_dictionary=False,
            column_encoding=dict.fromkeys(numbers, "BYTE_STREAM_SPLIT"),
            row_group_size=max(len(table), 1),
        )
        return sha256_of(temporary)
