"""Files of tokens: what is written, how small, and what is refused."""

import json
import zlib

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from zoo.errors import TokenError
from zoo.tokens import ExtraSpec, Origin, Prefixes, Tokens, TokenSpec

SPEC = TokenSpec(
    "time",
    (1000, 17),
    prefixes=Prefixes("slot", "codebooks", (1, 2)),
    extras=(ExtraSpec("scale", "bfloat16", ("item", "position"), 1.0, 16),),
    hop=320,
    sample_rate=24000,
    crop=1,
)


def tokens():
    torch.manual_seed(0)
    codes = torch.stack([torch.randint(0, 1000, (3, 9)), torch.randint(0, 17, (3, 9))], 1)
    return Tokens(
        codes,
        spec=SPEC,
        space="codec:0123",
        lengths=[9, 4, 0],
        grid=[[9], [4], [0]],
        origin=[Origin(samples=2881, rate=24000, times=(0.1, 1 / 3)), None, Origin()],
        extras={"scale": torch.rand(3, 9).bfloat16()},
        made_by={"checkpoint": "codec-tiny", "versions": ["2.12", 1]},
    ).prefix([2, 1, 2])


def read(path):
    with safe_open(path, "pt") as file:
        stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return json.loads(file.metadata()["zoo.tokens"]), stored


def write(path, header, stored, checksum=True):
    if checksum and header.pop("crc32", None):
        header["crc32"] = zlib.crc32(json.dumps(header, sort_keys=True).encode())
        for name in sorted(stored):
            raw = stored[name].contiguous().view(torch.uint8).numpy().tobytes()
            header["crc32"] = zlib.crc32(raw, header["crc32"])
    save_file(stored, path, {"zoo.tokens": json.dumps(header)})


@pytest.mark.parametrize("packed", [False, True])
def test_round_trip(tmp_path, packed):
    path = tmp_path / "clip.safetensors"
    tokens().save(path, packed=packed)
    again = Tokens.load(str(path))
    assert again == tokens()
    assert again.made_by == tokens().made_by
    assert again.origin == tokens().origin
    assert [entry.name for entry in tmp_path.iterdir()] == ["clip.safetensors"]
    assert read(path)[0]["spec"] == SPEC.to_dict()
    tokens()[:0].save(path, packed=packed)
    assert Tokens.load(path) == tokens()[:0]


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "clip.safetensors"
    tokens().save(path)

    def fails(tensors, filename, metadata):
        filename.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr("zoo.tensor_file.save_file", fails)
    with pytest.raises(OSError, match="disk full"):
        tokens()[:1].save(path)
    assert Tokens.load(path) == tokens()
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("vocab", "holes", "dtype"),
    [
        (256, False, torch.uint8),
        (256, True, torch.uint16),
        (255, True, torch.uint8),
        (65536, False, torch.uint16),
        (65536, True, torch.int32),
        (2**31, True, torch.int32),
    ],
)
def test_smallest_type(tmp_path, vocab, holes, dtype):
    codes = [[[0, vocab - 1, -1, vocab // 2]], [[-1, -1, -1, 7]]] if holes else [[[0, vocab - 1]]]
    made = Tokens(codes, spec=TokenSpec("raster", (vocab,), holes=holes), space="x")
    for packed in (False, True):
        made.save(tmp_path / "t", packed=packed)
        assert Tokens.load(tmp_path / "t") == made
    made.save(tmp_path / "t")
    assert read(tmp_path / "t")[1]["codes"].dtype == dtype


def test_packed_is_as_small_as_the_bits(tmp_path):
    tokens().save(tmp_path / "t", packed=True)
    stored = read(tmp_path / "t")[1]["codes"]
    assert stored.numel() == -(-9 * (10 + 5) // 8) + -(-4 * 10 // 8)


CHANGES = {
    "version 2": lambda h, t: h.update(version=2),
    "version None": lambda h, t: h.pop("version"),
    "header has": lambda h, t: h.update(colour=1),
    "unknown keys": lambda h, t: h["spec"].update(colour=1),
    "order: expected one of": lambda h, t: h["spec"].update(order="zigzag"),
    "ids: expected one of bits, plain": lambda h, t: h.update(ids="gzip"),
    "space": lambda h, t: h.update(space=""),
    "origin: unknown keys": lambda h, t: h.update(origin=[{"colour": 1}] * 3),
    "origin: expected a list of 3": lambda h, t: h.update(origin=[{}]),
    "origin: expected a list, got": lambda h, t: h.update(origin="here"),
    "shape: expected a list": lambda h, t: h.update(shape=9),
    "does not fit": lambda h, t: h.update(shape=[3, 2, 8]),
    "end at 2, but there are 3": lambda h, t: h["spec"].update(vocab_sizes=[1000, 17, 5]),
    "lengths: expected whole": lambda h, t: t.update(lengths=t["lengths"].float()),
    "lengths and": lambda h, t: t.update(lengths=t["lengths"][:2].clone()),
    "holds .*; the spec says": lambda h, t: t.pop("extra.scale"),
    "and maybe grid": lambda h, t: t.update(more=t["lengths"].clone()),
    "expected bfloat16": lambda h, t: t.update({"extra.scale": t["extra.scale"].float()}),
    r"grid: \[8\] for item 0": lambda h, t: t["grid"][0].sub_(1),
    "codes are": lambda h, t: t.update(codes=t["codes"].to(torch.int16)),
    "codes are .*expected": lambda h, t: t.update(codes=t["codes"][..., :-1].contiguous()),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("message", CHANGES)
def test_a_changed_file_is_refused(tmp_path, message, packed):
    path = tmp_path / "clip.safetensors"
    tokens().save(path, packed=packed)
    header, stored = read(path)
    CHANGES[message](header, stored)
    write(path, header, stored)
    with pytest.raises(TokenError, match=f"clip.safetensors: .*({message})"):
        Tokens.load(path)


def test_ids_out_of_range_are_refused(tmp_path):
    path = tmp_path / "t"
    tokens().save(path)
    header, stored = read(path)
    codes = stored["codes"].int()
    codes[1, 0, 3] = 1000
    write(path, header, stored | {"codes": codes.to(torch.uint16)})
    with pytest.raises(TokenError, match="id 1000 at item 1, slot 0, position 3"):
        Tokens.load(path)

    tokens().save(path, packed=True)
    header, stored = read(path)
    stored["codes"][:2] = 255
    write(path, header, stored)
    with pytest.raises(TokenError, match="1023 at item, slot, position .0, 0, 0."):
        Tokens.load(path)


def test_a_flipped_bit_is_noticed(tmp_path):
    path = tmp_path / "t"
    tokens().save(path, packed=True)
    header, stored = read(path)
    stored["codes"][0] ^= 1
    write(path, header, stored, checksum=False)
    with pytest.raises(TokenError, match="checksum"):
        Tokens.load(path)

    tokens().save(path)
    raw = path.read_bytes()
    assert raw.count(b"codec:0123") == 1
    path.write_bytes(raw.replace(b"codec:0123", b"codec:0124"))
    with pytest.raises(TokenError, match="checksum"):
        Tokens.load(path)


def test_cut_off_files_are_refused(tmp_path):
    path = tmp_path / "t"
    tokens().save(path)
    whole = path.read_bytes()
    for size in (0, 4, 8, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(TokenError, match="missing, cut off or foreign"):
            Tokens.load(path)


def test_foreign_files_are_refused(tmp_path):
    with pytest.raises(TokenError, match=r"nowhere: .*missing"):
        Tokens.load(tmp_path / "nowhere")
    with pytest.raises(TokenError, match="missing, cut off or foreign"):
        Tokens.load(tmp_path)
    path = tmp_path / "t"
    path.write_text("ids: 1 2 3 and some more text that is no safetensors file")
    with pytest.raises(TokenError, match="missing, cut off or foreign"):
        Tokens.load(path)
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(TokenError, match="not of tokens"):
        Tokens.load(path)
    save_file({"weight": torch.zeros(2)}, path, {"zoo.tokens": "{"})
    with pytest.raises(TokenError, match="header is damaged"):
        Tokens.load(path)
    save_file({"weight": torch.zeros(2)}, path, {"zoo.tokens": "[1]"})
    with pytest.raises(TokenError, match="version None"):
        Tokens.load(path)
