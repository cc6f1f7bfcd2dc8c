"""Sound through libsndfile (wav, flac, mp3, ogg, opus, aiff), else FFmpeg (m4a, webm, wma).

An MP3 or FLAC that does not say how long it is goes to FFmpeg, too: libsndfile would read as much
of it as it guesses, or nothing.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import soundfile

from ..errors import MediaError
from . import container_damage, sound_damage
from .mpeg_audio import counts_its_frames, only_frames

if TYPE_CHECKING:
    from av import AudioFrame

_UNKNOWN = 2**63 - 1  # samples, says libsndfile of a FLAC that came through a pipe


def from_stream(stream: BinaryIO) -> tuple[np.ndarray, int]:
    """Decode an encoded sound: float32 [samples, channels], and its rate in Hz.

    The content decides, not the file's name. A file that is shorter than its header says is an
    error, not a shorter sound.
    """
    before = None
    try:
        found = _through_libsndfile(stream)
    except soundfile.LibsndfileError as error:
        found, before = None, error
    sound, rate = found or _through_ffmpeg(stream, before)
    if len(sound) == 0:
        raise MediaError("the file holds no samples (is it cut short?)")
    return sound, rate


def has_sound(path: Path) -> bool:
    """Whether a video file has sound in it; one that is damaged counts: reading it says why."""
    import av
    from av.error import FFmpegError

    try:
        with av.open(path, "r") as container:
            return bool(container.streams.audio)
    except (FFmpegError, OSError):
        return True


def _through_libsndfile(stream: BinaryIO) -> tuple[np.ndarray, int] | None:
    """None: of this file libsndfile only guesses the length."""
    missing = sound_damage.missing_bytes(stream)
    if missing:
        raise MediaError(f"the file is cut short: {missing} bytes of samples are missing")
    with soundfile.SoundFile(stream) as file:
        if file.subtype.startswith("MPEG") and not counts_its_frames(stream):
            return None
        promised = file.frames
        if promised == _UNKNOWN:
            return None
        try:
            sound = file.read(promised, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise MediaError(f"the sound cannot be decoded ({error.error_string})") from error
        except MemoryError as error:
            raise MediaError(
                f"{promised} samples, as the file says, take too much memory"
            ) from error
        if len(sound) < promised:
            raise MediaError(f"the file is cut short: {len(sound)} of {promised} samples are there")
        return sound, file.samplerate


def _through_ffmpeg(
    stream: BinaryIO, before: soundfile.LibsndfileError | None
) -> tuple[np.ndarray, int]:
    import av  # late: most sounds need no FFmpeg
    from av.error import FFmpegError

    missing = container_damage.missing_bytes(stream)
    if missing:
        raise MediaError(f"the file is cut short: {missing} bytes are missing")
    try:
        with av.open(stream, "r") as container:
            if not container.streams.audio:
                raise MediaError("the file has no sound in it")
            track = container.streams.audio[0]
            packets = container.demux(track)
            if track.codec_context.name.removesuffix("float") in ("mp1", "mp2", "mp3"):
                packets = only_frames(packets)
            frames = (frame for packet in packets for frame in track.decode(packet))
            planar = av.AudioResampler(format="fltp")  # the samples' format only, not the rate
            same = _of_one_kind(frames)
            decoded = [out for frame in same for out in planar.resample(frame)]
            pieces = [out.to_ndarray() for out in [*decoded, *planar.resample(None)]]
            rate = track.rate
    except FFmpegError as error:
        tried = f"libsndfile ({before.error_string}) or " if before else ""
        raise MediaError(f"not a sound that {tried}FFmpeg ({error.strerror}) can read") from error
    return (np.concatenate(pieces, axis=1).T if pieces else np.zeros((0, 1), np.float32)), rate


def _of_one_kind(frames: Iterable["AudioFrame"]) -> Iterator["AudioFrame"]:
    """The frames; MediaError where their rate or channels change, as in files put together."""
    first, seconds = None, 0.0
    for frame in frames:
        kind = f"{frame.sample_rate} Hz, {frame.layout.name}"
        first = first or kind
        if kind != first:
            raise MediaError(
                f"the sound changes from {first} to {kind} after {seconds:.3f} s: cut it there"
            )
        seconds += frame.samples / frame.sample_rate
        yield frame
