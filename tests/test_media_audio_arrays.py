"""Sounds given as arrays: layouts, number formats, and what is refused."""

import math
import warnings

import numpy as np
import pytest
import torch
from sound_reading import read, the_error

import zoo


def test_arrays_of_every_kind_and_layout():
    sound = torch.linspace(-1, 1, 60).reshape(2, 30)
    for value in (sound, sound.T, sound.numpy(), sound.double(), sound.half().float()):
        assert read((value, 8000)).tensor.shape == (1, 2, 30)
    assert torch.equal(read((sound.T, 8000)).items[0], sound)
    assert read((sound[0], 8000)).tensor.shape == (1, 1, 30)
    assert read({"array": sound[0].numpy(), "sampling_rate": 8000}).rate == 8000
    assert len(read((torch.zeros(3, 2, 30), 8000))) == 3
    assert len(read([(sound, 8000), (sound, 16000)])) == 2
    for rate in (np.int64(8000), np.array(8000), torch.tensor(8000), 8000.0):
        read_so = zoo.read((sound.numpy(), rate))
        assert (read_so.modality, read_so.rate) == ("audio", 8000)
    assert read((sound, 2_000_000)).rate == 2_000_000  # ultrasound
    square = torch.zeros(30, 30)
    assert "layout='ct'" in the_error((square, 8000))
    assert read((square, 8000), layout="tc").items[0].shape == (30, 30)
    assert read((np.float32([0.5]), 8000)).items[0].shape == (1, 1)


@pytest.mark.parametrize(
    ("value", "full"), [("int16", 2**15), ("int32", 2**31), ("int8", 2**7), (">i2", 2**15)]
)
def test_integers_are_scaled(value: str, full: int):
    array = np.array([-full, 0, full // 2], dtype=value)
    assert read((array, 8000)).items[0].tolist() == [[-1.0, 0.0, 0.5]]


def test_unsigned_bytes_are_silent_at_128():
    assert read((np.uint8([0, 128, 192]), 8000)).items[0].tolist() == [[-1.0, 0.0, 0.5]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros(4), "no sample rate"),
        ((np.zeros(4), 0), "sample rate is 0"),
        ((np.zeros(4), 22050.5), "whole number"),
        ((np.zeros((2, 0)), 8000), "empty"),
        ((np.zeros((0, 0)), 8000), "empty"),
        (([0, 1, 2], 8000), "list of 3, 8000 Hz: sound of dtype int64"),
        (([[1.0, 2.0], [1.0]], 8000), "one array of samples"),
        ((torch.zeros(4).to_sparse(), 8000), "a sparse tensor"),
        ((torch.zeros(4, device="meta"), 8000), "a meta tensor"),
        ((np.zeros(4, np.int64), 8000), "int64 has no known range"),
        ((np.zeros(4, bool), 8000), "dtype bool"),
        ((np.full(4, 12000.0), 8000), "values reach 12000"),
        ((np.zeros((2, 2, 2, 2)), 8000), "one axis or two"),
        ({"array": np.zeros(4)}, "sampling_rate"),
        (7, "int is not a sound"),
        ((8000, np.zeros(4)), "item 1 of 2 (int): int is not a sound; a rate stands behind"),
    ],
)
def test_what_is_no_sound_says_what_to_pass(value: object, message: str):
    assert message in the_error(value)


def test_nothing_warns_on_reading():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isclose(float(read((np.ones(4) / 2, 8000)).tensor.mean()), 0.5)
