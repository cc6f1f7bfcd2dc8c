"""Sound as a model takes it: rate and channels, there and back."""

import pickle

import numpy as np
import pytest
import torch
from sound_reading import sine

from zoo.errors import MediaError
from zoo.media import AudioPrepare, restore_audio
from zoo.media.audio_prepare import resample


def test_a_sound_that_fits_passes_untouched():
    sound = torch.rand(1, 999) - 0.5
    prepared = AudioPrepare(24000, 1)((sound, 24000))
    assert torch.equal(prepared.tensor, sound)
    assert prepared.origin.to_dict() == {
        "samples": 999,
        "rate": 24000,
        "out_samples": 999,
        "channels": 1,
    }


@pytest.mark.parametrize(("rate", "wanted"), [(8000, 24000), (44100, 16000), (192000, 24000)])
def test_resampling_keeps_the_tone_and_the_length(rate: int, wanted: int):
    samples = rate // 2 + 7
    prepared = AudioPrepare(wanted, 1)((sine(samples, rate), rate))
    length = round(samples * wanted / rate)
    assert prepared.tensor.shape == (1, length)
    assert prepared.origin.out_samples == length
    expected = torch.from_numpy(sine(length, wanted).T)
    inner = slice(200, length - 200)  # beyond the edges of the filter
    assert (prepared.tensor - expected)[:, inner].abs().max() < 0.02
    back = restore_audio(prepared.tensor, prepared.origin, rate=wanted)
    assert back.shape == (1, samples)


def test_channels_are_mixed_and_copied():
    stereo = torch.stack([torch.full((50,), 0.5), torch.full((50,), 0.1)])
    assert torch.allclose(AudioPrepare(8000, 1)((stereo, 8000)).tensor, torch.tensor(0.3))
    copied = AudioPrepare(8000, 2)((stereo[0], 8000))
    assert torch.equal(copied.tensor, stereo[:1].expand(2, -1))
    eight = AudioPrepare(8000, 2)((torch.rand(8, 50), 8000))
    assert (tuple(eight.tensor.shape), eight.origin.channels) == ((2, 50), 8)


def test_short_and_silent_sounds_are_sounds():
    one = AudioPrepare(16000, 1)((np.float32([0.25]), 192000))
    assert (one.tensor.shape, one.origin.samples, one.origin.out_samples) == ((1, 1), 1, 1)
    silent = AudioPrepare(16000, 1)((np.zeros(100), 44100))
    assert not bool(silent.tensor.any())


def test_rates_without_a_common_divisor_do_not_fill_the_memory():
    with pytest.raises(MediaError, match="too large a filter"):
        AudioPrepare(24000, 1)((np.zeros(100), 44099))
    assert resample(torch.zeros(1, 441), 44100, 48000).shape == (1, 480)


def test_prepare_can_be_sent_to_a_worker_and_takes_one_sound():
    prepare = pickle.loads(pickle.dumps(AudioPrepare(8000, 1)))
    assert prepare == AudioPrepare(8000, 1)
    with pytest.raises(MediaError, match="one sound at a time, got 2"):
        prepare([(np.zeros(4), 8000)] * 2)


def test_restoring_trims_fills_and_clamps():
    origin = AudioPrepare(8000, 1)((np.zeros(10), 8000)).origin
    longer, shorter = torch.full((1, 16), 1.5), torch.ones(1, 8)
    assert restore_audio(longer, origin).tolist() == [[1.0] * 10]
    assert restore_audio(shorter, origin).tolist() == [[1.0] * 8 + [0.0] * 2]
    assert restore_audio(longer, origin, native=True).shape == (1, 16)
    assert restore_audio(longer, None).shape == (1, 16)
