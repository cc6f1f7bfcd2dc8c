"""Reading weight files: safetensors, torch files, damaged ones and pickles with code."""

import os
import pickle
import sys
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from zoo.errors import CheckpointCorruptError
from zoo.weights import metadata, read_tensors, save_checkpoint

WEIGHTS = {"blocks.0.weight": torch.ones(3, 3), "head.weight": torch.arange(6.0).reshape(3, 2)}


def test_safetensors_are_lazy(tmp_path):
    path = tmp_path / "model.bin"  # the content decides, not the name
    save_file(WEIGHTS, path, metadata={"space": "toy/1"})
    tensors = read_tensors(path)
    assert set(tensors) == set(WEIGHTS)
    assert len(tensors) == 2
    assert torch.equal(tensors["head.weight"], WEIGHTS["head.weight"])
    with pytest.raises(KeyError):
        tensors["none"]
    assert metadata(path) == {"space": "toy/1"}


@pytest.mark.parametrize("zipped", [True, False])
def test_torch_files(tmp_path, zipped):
    path = tmp_path / "model.pt"
    torch.save(OrderedDict(WEIGHTS), path, _use_new_zipfile_serialization=zipped)
    tensors = read_tensors(path)
    assert set(tensors) == set(WEIGHTS)
    with pytest.raises(CheckpointCorruptError, match="not a safetensors file"):
        metadata(path)


def test_wrappers(tmp_path):
    path = tmp_path / "model.pt"
    weights = {"a": torch.ones(1)}
    torch.save({"epoch": 3, "model": {"state": weights}, "state_dict": {"b": torch.ones(1)}}, path)
    assert set(read_tensors(path, ("ema", "model.state", "state_dict"))) == {"a"}
    assert set(read_tensors(path, ("ema", "state_dict"))) == {"b"}
    with pytest.raises(CheckpointCorruptError, match=r"none of .*'ema'.*epoch, model, state_dict"):
        read_tensors(path, ("ema",))
    with pytest.raises(CheckpointCorruptError, match=r"'epoch' is no tensor \(int\)"):
        read_tensors(path)
    torch.save({"enc": weights, "gen": {"x": {"y": torch.ones(1)}}}, path)
    assert set(read_tensors(path)) == {"enc.a", "gen.x.y"}
    torch.save({"enc": weights, "gen": {"x": {"y": torch.ones(1)}}, "epoch": 3}, path)
    assert set(read_tensors(path, ("all", "enc+gen"))) == {"enc.a", "gen.x.y"}
    with pytest.raises(CheckpointCorruptError, match="none of .*it has enc, gen, epoch"):
        read_tensors(path, ("enc+dec",))
    torch.save([torch.ones(1)], path)
    with pytest.raises(CheckpointCorruptError, match="holds a list"):
        read_tensors(path)


@pytest.mark.parametrize("name", ["pytorch_lightning.AttributeDict", "argparse.Namespace"])
def test_what_frameworks_leave_beside_the_weights(tmp_path, monkeypatch, name):
    module, _, kind = name.partition(".")
    foreign = type(kind, (), {"__module__": module, "lr": 1.0})
    path = tmp_path / "model.ckpt"
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, module, SimpleNamespace(**{kind: foreign}))
        settings = foreign()
        settings.extra = [1]
        torch.save({"state_dict": {"a": torch.ones(2)}, "hyper_parameters": settings}, path)
    allowed = torch.serialization.get_safe_globals()
    assert torch.equal(read_tensors(path, ("state_dict",))["a"], torch.ones(2))
    with pytest.raises(CheckpointCorruptError, match="'hyper_parameters' is no .*unwrap"):
        read_tensors(path)
    assert set(torch.serialization.get_safe_globals()) == set(allowed)


class Evil:
    """Pickles to a call."""

    def __init__(self, function: object, *args: object):
        self.call = (function, args)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("kind", ["system", "exec", "touch", "open"])
def test_code_in_a_pickle_is_never_run(tmp_path, kind, zipped):
    trace = tmp_path / "it ran"
    evil = {
        "system": Evil(os.system, f"touch '{trace}'"),
        "exec": Evil(exec, f"open({str(trace)!r}, 'w')"),
        "touch": Evil(Path.touch, trace),
        "open": Evil(open, str(trace), "w"),
    }[kind]
    path = tmp_path / "model.pt"
    torch.save({"a": torch.ones(1), "b": evil}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointCorruptError, match="refused: it is a pickle that wants to run"):
        read_tensors(path)
    assert not trace.exists()


def test_a_bare_pickle_is_not_run_either(tmp_path):
    trace = tmp_path / "it ran"
    path = tmp_path / "model.pt"
    path.write_bytes(pickle.dumps(Evil(os.system, f"touch '{trace}'")))
    with pytest.raises(CheckpointCorruptError):
        read_tensors(path)
    assert not trace.exists()


def test_damaged_files(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file(WEIGHTS, path)
    whole = path.read_bytes()
    for content, message in [
        (whole[:-4], "damaged safetensors"),
        (whole[:40], "damaged safetensors"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (b"<!DOCTYPE html>", "a web page"),
        (b"", "cannot be read as weights"),
        (b"PK\x03\x04 and then nothing", "cannot be read as weights"),
        (b"\x00" * 100, "cannot be read as weights"),
    ]:
        path.write_bytes(content)
        with pytest.raises(CheckpointCorruptError, match=message):
            read_tensors(path)
    with pytest.raises(CheckpointCorruptError, match="not a safetensors file"):
        metadata(path)
    with pytest.raises(CheckpointCorruptError, match="cannot be read"):
        read_tensors(tmp_path / "none.pt")


class Scripted(nn.Module):
    """As OpenAI's CLIP archives: nested, half precision, views, numbers as buffers."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 2).half())
        self.table = nn.Parameter(torch.arange(12.0).reshape(3, 4).T[1:])
        self.register_buffer("context_length", torch.tensor(77))
        self.sizes = [1, 2]

    def forward(self, x):
        return self.body(x)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript_is_read_without_running_it(tmp_path, monkeypatch):
    path, module = tmp_path / "model.pt", Scripted()
    torch.jit.script(module).save(str(path))
    monkeypatch.setattr(torch.jit, "load", None)
    tensors = read_tensors(path)
    assert set(tensors) == set(module.state_dict())
    for name, tensor in module.state_dict().items():
        assert tensors[name].dtype == tensor.dtype
        assert torch.equal(tensors[name], tensor)


def archive(path: Path, data: bytes) -> Path:
    with ZipFile(path, "w") as written:
        written.writestr("model/constants.pkl", b"")
        written.writestr("model/data.pkl", data)
    return path


def test_torchscript_with_foreign_code_or_damage_is_refused(tmp_path):
    class Foreign:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'executed'}",)

    with pytest.raises(CheckpointCorruptError, match=r"refused.*wants to run code.*system"):
        read_tensors(archive(tmp_path / "model.pt", pickle.dumps(Foreign())))
    assert not (tmp_path / "executed").exists()
    for data in (b"", pickle.dumps({})[:-1], b"nonsense"):
        with pytest.raises(CheckpointCorruptError, match="cannot be read"):
            read_tensors(archive(tmp_path / "model.pt", data))
    (tmp_path / "model.pt").write_bytes((tmp_path / "model.pt").read_bytes()[:-9])
    with pytest.raises(CheckpointCorruptError, match="cannot be read"):
        read_tensors(tmp_path / "model.pt")


def test_equal_weights_make_equal_files(tmp_path: Path) -> None:
    module = nn.Linear(3, 2)
    facts = {f"key {i}": "é" * i for i in range(8)}
    for index in range(4):
        save_checkpoint(module, tmp_path / f"{index}.safetensors", facts)
    contents = {path.read_bytes() for path in tmp_path.glob("*.safetensors")}
    assert len(contents) == 1
    assert metadata(tmp_path / "0.safetensors").items() >= facts.items()
