"""Opus as FFmpeg's libopus writes it, by PyAV."""

from io import BytesIO

import av
import numpy as np
import torch
from torch import Tensor

from zoo.errors import NotSupportedError
from zoo.media.audio_prepare import fit, resample

from .base import Anchor, Setting

RATE = 48000


def opus() -> Anchor:
    """Opus at constrained variable rates.

    Raises:
        NotSupportedError: where this PyAV cannot encode it.
    """
    if "libopus" not in av.codecs_available:
        raise NotSupportedError("opus: this PyAV was built without libopus; get one from PyPI")
    counted = "8 x the bytes of all packets, without the container"
    settings = tuple(map(Setting, (6000, 9000, 12000, 16000, 24000, 32000, 64000)))
    return Anchor("opus", "bit/s", settings, _code, counted, f"PyAV {av.__version__} libopus")


def _code(item: Tensor, rate: int | None, setting: Setting) -> tuple[Tensor, int]:
    assert rate is not None
    sound = resample(item[:2].float(), rate, RATE)  # [channel, samples]
    stream = BytesIO()
    bits = 0
    with av.open(stream, "w", format="ogg") as container:
        track = container.add_stream("libopus", rate=RATE, options={"vbr": "constrained"})
        track.bit_rate = setting.quality
        track.layout = "mono" if len(sound) == 1 else "stereo"
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound.T.reshape(1, -1).numpy()),  # channels side by side
            format="flt",
            layout=track.layout.name,
        )
        frame.sample_rate = RATE
        for packet in [*track.encode(frame), *track.encode(None)]:
            bits += 8 * packet.size
            container.mux(packet)
    stream.seek(0)
    with av.open(stream, "r") as container:
        parts = [frame.to_ndarray() for frame in container.decode(audio=0)]
    decoded = torch.from_numpy(np.concatenate(parts, 1))
    back = resample(decoded, RATE, rate)
    return fit(back, item.shape[1]), bits
