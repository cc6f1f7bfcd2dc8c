"""What only other machines can check: a CUDA device, the real Hub. Skipped with a reason here."""

import pytest
import torch
from samples import images

import zoo
from zoo.engine.precision import full_fp32


@pytest.mark.gpu
def test_cuda_agrees_with_the_cpu() -> None:
    on_cpu, on_gpu = zoo.load("flextok-tiny"), zoo.load("flextok-tiny", device="cuda")
    tokens = on_cpu.encode(images())
    moved = on_gpu.encode(images())
    assert (tokens.codes == moved.codes.cpu()).float().mean() > 0.99
    expected, found = (tok.decode(tokens, seed=3, native=True) for tok in (on_cpu, on_gpu))
    assert torch.allclose(found.tensor, expected.tensor, atol=1e-2)


@pytest.mark.gpu
def test_tf32_is_off_during_a_call_and_back_afterwards() -> None:
    matmul = torch.backends.cuda.matmul
    before = matmul.fp32_precision
    try:
        matmul.fp32_precision = "tf32"
        with full_fp32(torch.device("cuda")):
            assert matmul.fp32_precision == "ieee"
        assert matmul.fp32_precision == "tf32"
    finally:
        matmul.fp32_precision = before


@pytest.mark.gpu
def test_bfloat16_and_compile_run() -> None:
    tok = zoo.load("flextok-tiny", device="cuda", dtype=torch.bfloat16, compile=True)
    assert tok.decode(tok.encode(images()), steps=2).items


@pytest.mark.network
@pytest.mark.parametrize("name", zoo.list_models("flextok-*", bundled=False))
def test_official_checkpoints_load(name: str) -> None:
    tok = zoo.load(name, only="encode")
    tokens = tok.encode(images())
    assert tokens.codes.shape == (4, 1, 256)
    assert tokens.codes.unique().numel() > 100
