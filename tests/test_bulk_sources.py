"""Listing: every kind of source, damage, and keys."""

import json
import os
import tarfile
from pathlib import Path

import pytest
from bulk_sets import encoded, folder_set, table_set, tar_set

from zoo.bulk.guard import Guard
from zoo.bulk.manifest import Manifest, write_manifest
from zoo.bulk.sources import Source, open_source, store
from zoo.bulk.sources.base import Entry
from zoo.errors import MediaError
from zoo.media.listing import list_entries


def listed(source: Source) -> list[Entry]:
    return [entry for shard in source.shards() for entry in source.entries(shard)]


def test_a_folder_gives_its_media_in_order(tmp_path: Path) -> None:
    place = folder_set(tmp_path / "some photos", 5)
    (place / "notes.txt").write_text("no picture")
    (place / ".hidden.png").write_bytes(encoded(9))
    source = open_source(str(place), "image")
    entries = listed(source)
    assert [entry.key for entry in entries] == [
        "class 0/0000.png",
        "class 0/0002.png",
        "class 0/0004.png",
        "class 1/0001.png",
        "class 1/0003.png",
    ]
    assert source.read(entries[3]) == encoded(1)
    with pytest.raises(MediaError, match="no audio file"):
        list(open_source(str(place), "audio").shards())
    with pytest.raises(MediaError, match="no such folder"):
        open_source(str(tmp_path / "nowhere"), "image")


def test_a_tree_is_listed_in_the_order_of_whole_paths(tmp_path: Path) -> None:
    names = ["a/x.png", "a.b.png", "a/b/c.png", "a-b/d.png", "a/.hidden/e.png", "B.png"]
    for name in names:
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(b"1")
    found = [entry.key for entry in listed(open_source(str(tmp_path / "set"), "image"))]
    assert found == sorted(name for name in names if ".hidden" not in name)


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    folder_set(tmp_path / "elsewhere", 2)
    place = folder_set(tmp_path / "set", 1)
    (place / "more").symlink_to(tmp_path / "elsewhere")
    (place / "class 0" / "round").symlink_to(place)
    (place / "broken.png").symlink_to(tmp_path / "nothing.png")
    assert [entry.key for entry in listed(open_source(str(place), "image"))] == [
        "class 0/0000.png",
        "more/class 0/0000.png",
        "more/class 1/0001.png",
    ]


def test_a_list_names_files_beside_it(tmp_path: Path) -> None:
    folder_set(tmp_path / "photos", 3)
    text = "# pictures\nphotos/class 1/0001.png\n\nphotos/class 0/0002.png\nphotos/gone.png\n"
    (tmp_path / "files.txt").write_text(text)
    source = open_source(str(tmp_path / "files.txt"), "image")
    entries = listed(source)
    assert [entry.key for entry in entries] == [
        "photos/class 1/0001.png",
        "photos/class 0/0002.png",
        "photos/gone.png",
    ]
    assert source.read(entries[1]) == encoded(2)
    with pytest.raises(MediaError, match="cannot be read"):
        source.read(entries[2])


def test_tar_shards_are_read_by_place(tmp_path: Path) -> None:
    source = open_source(str(tar_set(tmp_path / "shards", [3, 2])), "image")
    entries = listed(source)
    assert [entry.key for entry in entries] == [
        "shard-0.tar/000000",
        "shard-0.tar/000001",
        "shard-0.tar/000002",
        "shard-1.tar/000003",
        "shard-1.tar/000004",
    ]
    assert [source.read(entry) for entry in entries] == [encoded(i) for i in range(5)]
    alone = open_source(str(tmp_path / "shards" / "shard-1.tar"), "image")
    assert [entry.key for entry in listed(alone)] == ["shard-1.tar/000003", "shard-1.tar/000004"]


def test_a_suffix_of_two_modalities_counts_for_both(tmp_path: Path) -> None:
    place = tmp_path / "set"
    place.mkdir()
    for name in ("a.gif", "b.WEBM", "c.mp4", "d.wav", "e.png", "c.gif", "d.webm"):
        (place / name).write_bytes(name.encode())
    with tarfile.open(tmp_path / "all.tar", "w") as archive:
        for path in sorted(place.iterdir()):
            archive.add(path, path.name)
    for modality, folder, members in (
        ("image", ["a.gif", "c.gif", "e.png"], ["a.gif", "c.gif", "e.png"]),
        ("audio", ["b.WEBM", "d.wav", "d.webm"], ["b.WEBM", "d.wav"]),  # one d, like one sample
        ("video", ["a.gif", "b.WEBM", "c.gif", "c.mp4", "d.webm"], None),
    ):
        assert [entry.key for entry in listed(open_source(str(place), modality))] == folder
        assert [entry.path.name for entry in list_entries(place, modality)] == folder
        tar = open_source(str(tmp_path / "all.tar"), modality)
        expected = members or ["a.gif", "b.WEBM", "c.mp4", "d.webm"]
        assert [tar.read(entry) for entry in listed(tar)] == [name.encode() for name in expected]
        again = [entry.member for entry in list_entries(tmp_path / "all.tar", modality)]
        assert again == expected


@pytest.mark.parametrize("more", [0, 300, 512, 1024])  # bytes kept behind the fourth picture
def test_a_tar_that_was_cut_off_is_noticed(tmp_path: Path, more: int) -> None:
    place = tar_set(tmp_path / "shards", [6])
    (place / "sizes.json").unlink()
    path = place / "shard-0.tar"
    with tarfile.open(path) as archive:
        border = archive.getmember("000004.png").offset
    os.truncate(path, border + more)
    with pytest.raises(MediaError, match="cut off"):
        listed(open_source(str(place), "image"))


def test_a_tar_is_counted_against_its_sizes(tmp_path: Path) -> None:
    place = tar_set(tmp_path / "shards", [3])
    (place / "sizes.json").write_text(json.dumps({"shard-0.tar": 4}))
    with pytest.raises(MediaError, match="holds 3 samples, but sizes.json beside it says 4"):
        listed(open_source(str(place), "image"))


def test_a_table_gives_its_cells(tmp_path: Path) -> None:
    place = table_set(tmp_path / "set" / "train.parquet", 10)
    source = open_source(str(place.parent), "image")
    entries = listed(source)
    assert [entry.key for entry in entries] == [f"train.parquet#{row}" for row in range(10)]
    assert [source.read(entries[row]) for row in (9, 0, 5)] == [encoded(row) for row in (9, 0, 5)]
    named = open_source(str(place), "image", key_column="name")
    assert [entry.key for entry in listed(named)][:2] == ["picture 0", "picture 1"]
    with pytest.raises(MediaError, match="has columns image, name"):
        listed(open_source(str(place), "image", column="img"))
    place.write_bytes(place.read_bytes()[:-100])
    with pytest.raises(MediaError, match="damaged, or cut off"):
        listed(open_source(str(place.parent), "image"))


def test_a_saved_hugging_face_set_is_read_undecoded(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    table_set(tmp_path / "t.parquet", 3)
    rows = datasets.Dataset.from_parquet(str(tmp_path / "t.parquet"), cache_dir=str(tmp_path / "c"))
    rows.cast_column("image", datasets.Image()).save_to_disk(str(tmp_path / "saved"))
    source = open_source(str(tmp_path / "saved"), "image")
    entries = listed(source)
    assert [entry.key for entry in entries] == ["all/0", "all/1", "all/2"]
    assert source.read(entries[2]) == encoded(2)


def test_remote_stores_go_through_fsspec(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for item in range(2):
        memory.pipe(f"/bucket/photos/{item}.png", encoded(item))
    source = open_source("memory://bucket/photos", "image")
    entries = listed(source)
    assert [entry.key for entry in entries] == ["0.png", "1.png"]
    assert source.read(entries[1]) == encoded(1)
    with pytest.raises(MediaError, match="no such folder"):
        open_source("memory://bucket/nothing", "image")
    with pytest.raises(MediaError):
        open_source("nosuchstore://x", "image")


def test_the_manifest_cuts_the_listing_into_units(tmp_path: Path) -> None:
    source = open_source(str(folder_set(tmp_path / "set", 10)), "image")
    write_manifest(source, tmp_path / "m.parquet")
    manifest = Manifest(tmp_path / "m.parquet", 4)
    assert manifest.units == 3
    assert [manifest.unit_items(unit) for unit in range(3)] == [4, 4, 2]
    assert [e for unit in range(3) for e in manifest.entries(unit)] == listed(source)
    write_manifest(source, tmp_path / "m.parquet", limit=3)
    assert Manifest(tmp_path / "m.parquet", 4).items == 3


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    folder_set(tmp_path, 1)
    (tmp_path / "files.txt").write_text("class 0/0000.png\nclass 0/0000.png\n")
    with pytest.raises(MediaError, match="stands twice"):
        write_manifest(open_source(str(tmp_path / "files.txt"), "image"), tmp_path / "m.parquet")
    assert not (tmp_path / "m.parquet").exists()


def test_a_file_that_changed_since_is_noticed(tmp_path: Path) -> None:
    source = open_source(str(tar_set(tmp_path / "shards", [2, 2])), "image")
    write_manifest(source, tmp_path / "m.parquet")
    first, second = (shard.path for shard in source.shards())
    with open(first, "ab") as file:
        file.write(bytes(1024))
    os.unlink(second)
    guard = Guard(Manifest(tmp_path / "m.parquet", 4).shards)
    with pytest.raises(MediaError, match="bytes, .* when it was listed"):
        guard.check(Entry("", first, 0, 9))
    with pytest.raises(MediaError, match="gone since it was listed"):
        guard.check(Entry("", second, 0, 9))
    assert store.size_of(second) == -1


def test_the_files_of_a_folder_are_rows_of_the_listing_only(tmp_path: Path) -> None:
    place = folder_set(tmp_path / "photos", 3)
    write_manifest(open_source(str(place), "image"), tmp_path / "m.parquet")
    manifest = Manifest(tmp_path / "m.parquet", 4)
    sizes = [len(encoded(item)) for item in (0, 2, 1)]
    assert (manifest.shards, manifest.files, manifest.bytes) == ([], 3, sum(sizes))
    entries = manifest.entries(0)
    assert [entry.size for entry in entries] == sizes
    guard = Guard(manifest.shards)
    for entry in entries:
        guard.check(entry)
    Path(entries[1].path).write_bytes(b"another picture")
    with pytest.raises(MediaError, match=f"has 15 bytes, {sizes[1]} when it was listed"):
        guard.check(entries[1])
