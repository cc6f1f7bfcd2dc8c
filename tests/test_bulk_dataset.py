"""What was written: random access, streams, other readers, other forms."""

import json
import struct
import tarfile
from pathlib import Path

import duckdb
import numpy as np
import pytest
import torch
from bulk_sets import folder_set, job_for, tiny_model
from torch.utils.data import DataLoader

import zoo
from zoo.bulk.export.forms import export, form_names
from zoo.bulk.rows import from_table, read_facts, to_table
from zoo.bulk.run import tokenize
from zoo.errors import NotSupportedError, TokenError
from zoo.tokens import ExtraSpec, Origin, Prefixes, TokenSpec


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("bulk")
    card = tiny_model(place / "model")
    tokenize(job_for(card, folder_set(place / "set", 10)), place / "out")
    return place / "out"


def test_items_by_number_slice_and_list(folder: Path) -> None:
    data = zoo.TokenDataset(folder)
    assert len(data) == 10
    assert len(data.keys) == 10
    assert data.key(-1) == data.keys[9]
    assert data[2:9:3] == zoo.Tokens.cat([data[2], data[5], data[8]])
    assert data[[9, 0]] == zoo.Tokens.cat([data[9], data[0]])
    with pytest.raises(IndexError):
        data[10]
    assert "10 items in 3 files" in repr(data)


def test_ids_and_pictures_come_back(folder: Path) -> None:
    data = zoo.TokenDataset(folder)
    (stream,) = data.ids(3, offset=100, begin=7)
    assert stream.tolist() == [7, *(data[3].codes[0, 0] + 100).tolist()]
    (picture,) = data.decode(3, steps=1).items
    assert tuple(picture.shape[1:]) == data[3].origin[0].rect[2:]


def test_loaders_see_every_item_once(folder: Path) -> None:
    data = zoo.TokenDataset(folder)
    together = zoo.Tokens.cat(list(DataLoader(data, 4, collate_fn=zoo.Tokens.cat)))
    assert together == data[:]
    ranks = [
        list(DataLoader(data.stream(shuffle=True, seed=1, rank=r, world=2), None)) for r in (0, 1)
    ]
    seen = [tuple(one.codes.flatten().tolist()) for part in ranks for one in part]
    assert sorted(seen) == sorted(tuple(one.codes.flatten().tolist()) for one in data.stream())
    assert seen != [tuple(one.codes.flatten().tolist()) for one in data.stream()]


def test_loader_workers_share_the_files(folder: Path) -> None:
    data = zoo.TokenDataset(folder)
    loader = DataLoader(data.stream(), None, num_workers=2, multiprocessing_context="fork")
    assert len(list(loader)) == 10


def test_duckdb_and_datasets_read_it_without_us(folder: Path, tmp_path: Path) -> None:
    data = zoo.TokenDataset(folder)
    place = f"{folder}/tokens/*.parquet"
    rows = duckdb.sql(f"select key, ids, positions, origin.size from '{place}' order by key")
    assert [row[0] for row in rows.fetchall()] == sorted(data.keys)
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset("parquet", data_files=place, cache_dir=str(tmp_path / "cache"))
    first = loaded["train"][0]
    assert first["key"] == data.key(0)
    assert first["ids"] == data[0].codes.flatten().tolist()


def test_a_foreign_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TokenError, match=r"no part-\*\.parquet"):
        zoo.TokenDataset(tmp_path)
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"x": [1]}), tmp_path / "part-0.parquet")
    with pytest.raises(TokenError, match="no file of 'zoo tokenize'"):
        zoo.TokenDataset(tmp_path)


@pytest.mark.parametrize("packed", [False, True])
def test_rows_keep_everything(packed: bool) -> None:
    spec = TokenSpec(
        order="time",
        vocab_sizes=(5, 7, 300),
        prefixes=Prefixes("slot", "codebooks", (1, 2, 3)),
        extras=(
            ExtraSpec("scale", "float32", ("item", "segment"), 1.0, 32),
            ExtraSpec("mark", "bfloat16", ("item", "slot", "position"), 0.0, 16),
            ExtraSpec("word", "int16", ("item", "letter"), 0, 16),
        ),
        segment=2,
    )
    lengths = [5, 0, 3]
    codes = torch.full((3, 3, 5), -1)
    codes[0] = torch.arange(15).reshape(3, 5) % 5
    codes[2, :2, :3] = 4
    tokens = zoo.Tokens(
        codes,
        spec=spec,
        space="a:b",
        lengths=lengths,
        grid=[[5], [0], [3]],
        origin=[Origin(rate=8000, samples=9), None, Origin(times=(0.5, 1.25))],
        extras={
            "scale": torch.rand(3, 3),
            "mark": torch.rand(3, 3, 5).bfloat16(),
            "word": torch.arange(6, dtype=torch.int16).reshape(3, 2),
        },
        made_by={"checkpoint": "x"},
    )
    table = to_table(tokens, ["a", "b", "c"], packed=packed)
    back = from_table(table, read_facts(table.schema, "here"), spec)
    assert back == tokens
    assert back.made_by == tokens.made_by
    for item in range(3):
        alone = table.slice(item, 1)
        assert from_table(alone, read_facts(alone.schema, "here"), spec) == tokens[item]


def test_every_form_is_written(folder: Path, tmp_path: Path) -> None:
    data = zoo.TokenDataset(folder)
    assert form_names() == ["megatron", "npy", "webdataset"]
    export(data, "npy", tmp_path / "npy")
    array = np.load(tmp_path / "npy" / "codes.npy")
    assert array.dtype == np.uint16
    assert np.array_equal(array, data[:].numpy())
    assert (tmp_path / "npy" / "keys.txt").read_text().splitlines() == data.keys

    export(data, "webdataset", tmp_path / "wds")
    assert json.loads((tmp_path / "wds" / "sizes.json").read_text()) == {"shard-000000.tar": 10}
    with tarfile.open(tmp_path / "wds" / "shard-000000.tar") as archive:
        names = archive.getnames()
        assert len(names) == 20
        assert {name.partition(".")[2] for name in names} == {"codes.npy", "json"}
        content = archive.extractfile(names[0]).read()  # pyright: ignore[reportOptionalMemberAccess]
    (tmp_path / "one.npy").write_bytes(content)
    assert np.array_equal(np.load(tmp_path / "one.npy"), data[0].numpy()[0])

    export(data, "megatron", tmp_path / "meg", offset=1000, end=3)
    index = (tmp_path / "meg" / "tokens.idx").read_bytes()
    magic, version, code, count, borders = struct.unpack_from("<9sQBQQ", index)
    assert (magic, version, code, count, borders) == (b"MMIDIDX\x00\x00", 1, 8, 10, 11)
    sizes = np.frombuffer(index, np.int32, 10, 34)
    starts = np.frombuffer(index, np.int64, 10, 34 + 40)
    assert sizes.tolist() == [17] * 10
    binary = (tmp_path / "meg" / "tokens.bin").read_bytes()
    third = np.frombuffer(binary, np.uint16, sizes[3], starts[3])
    assert third.tolist() == data.ids(3, offset=1000, end=3)[0].tolist()

    with pytest.raises(NotSupportedError, match="no form 'csv'"):
        export(data, "csv", tmp_path)
