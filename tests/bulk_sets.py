"""Small data sets of every kind, made on the spot, and a tiny tokenizer for them."""

import io
import json
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from samples import picture
from tiny import make_tiny_flextok

import zoo
from zoo.bulk.job import Job
from zoo.cards import Card


def encoded(seed: int, suffix: str = "PNG") -> bytes:
    stream = io.BytesIO()
    picture(33 + seed % 7, 40, seed).save(stream, suffix)
    return stream.getvalue()


def folder_set(place: Path, items: int, *, broken: int | None = None) -> Path:
    """Pictures in two folders; the item ``broken`` is no picture."""
    for item in range(items):
        path = place / f"class {item % 2}" / f"{item:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no picture" if item == broken else encoded(item))
    return place


def tar_set(place: Path, counts: list[int]) -> Path:
    """One WebDataset shard per count, with labels and sizes.json."""
    place.mkdir(parents=True)
    sizes, seed = {}, 0
    for number, count in enumerate(counts):
        path = place / f"shard-{number}.tar"
        with tarfile.open(path, "w") as archive:
            for _ in range(count):
                for suffix, content in (("png", encoded(seed)), ("cls", b"3")):
                    info = tarfile.TarInfo(f"{seed:06}.{suffix}")
                    info.size = len(content)
                    archive.addfile(info, io.BytesIO(content))
                seed += 1
        sizes[path.name] = count
    (place / "sizes.json").write_text(json.dumps(sizes))
    return place


def table_set(path: Path, items: int) -> Path:
    """A Parquet file as Hugging Face writes pictures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [{"bytes": encoded(item), "path": None} for item in range(items)]
    names = [f"picture {item}" for item in range(items)]
    pq.write_table(pa.table({"image": cells, "name": names}), path, row_group_size=4)
    return path


def tiny_model(place: Path) -> Card:
    """A FlexTok of random weights; load it by its path."""
    return zoo.card(make_tiny_flextok(place))


@pytest.fixture(name="card", scope="module")
def random_card(tmp_path_factory: pytest.TempPathFactory) -> Card:
    return tiny_model(tmp_path_factory.mktemp("model"))


def job_for(card: Card, source: Path | str, **changes: object) -> Job:
    return Job.plan(str(card.path), str(source), **{"unit_size": 4} | changes)


def made(folder: Path) -> Path:
    """The folder, which was not there."""
    folder.mkdir()
    return folder


def token_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "tokens").iterdir())}
