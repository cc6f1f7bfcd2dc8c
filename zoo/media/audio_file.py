"""Sound through libsndfile (wav, flac, mp3, ogg, opus, aiff), else FFmpeg (m4a, webm, wma)."""

from typing import BinaryIO

import numpy as np
import soundfile

from ..errors import MediaError

_UNKNOWN = (0, 0x7FFFFFFF, 0xFFFFFFFF)  # sizes that programs write while a wav goes through a pipe


def from_stream(stream: BinaryIO) -> tuple[np.ndarray, int]:
    """Decode an encoded sound: float32 [samples, channels], and its rate in Hz.

    The content decides, not the file's name. A file that is shorter than its header says is an
    error, not a shorter sound.
    """
    try:
        sound, rate = _through_libsndfile(stream)
    except soundfile.LibsndfileError as error:
        stream.seek(0)
        sound, rate = _through_ffmpeg(stream, error)
    if len(sound) == 0:
        raise MediaError("the file holds no samples (is it cut short?)")
    return sound, rate


def _through_libsndfile(stream: BinaryIO) -> tuple[np.ndarray, int]:
    missing = _missing_bytes(stream)
    if missing:
        raise MediaError(f"the file is cut short: {missing} bytes of samples are missing")
    with soundfile.SoundFile(stream) as file:
        promised = file.frames
        try:
            sound = file.read(dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise MediaError(f"the sound cannot be decoded ({error.error_string})") from error
        if len(sound) < promised:
            raise MediaError(f"the file is cut short: {len(sound)} of {promised} samples are there")
        return sound, file.samplerate


def _missing_bytes(stream: BinaryIO) -> int:
    """How many bytes the data of a wav file lack; libsndfile would not say."""
    end = stream.seek(0, 2)
    stream.seek(0)
    head, missing = stream.read(12), 0
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        while len(head := stream.read(8)) == 8:
            size = int.from_bytes(head[4:], "little")
            if head[:4] == b"data":
                missing = 0 if size in _UNKNOWN else max(0, stream.tell() + size - end)
                break
            stream.seek(size + size % 2, 1)
    stream.seek(0)
    return missing


def _through_ffmpeg(stream: BinaryIO, before: Exception) -> tuple[np.ndarray, int]:
    import av  # late: most sounds need no FFmpeg
    from av.error import FFmpegError

    try:
        with av.open(stream, "r") as container:
            if not container.streams.audio:
                raise MediaError("the file has no sound in it")
            track = container.streams.audio[0]
            planar = av.AudioResampler(format="fltp")  # the samples' format only, not the rate
            frames = [out for frame in container.decode(track) for out in planar.resample(frame)]
            pieces = [out.to_ndarray() for out in [*frames, *planar.resample(None)]]
            rate = track.rate
    except FFmpegError as error:
        reason = getattr(before, "error_string", "") or str(before)
        raise MediaError(
            f"not a sound that libsndfile ({reason}) or FFmpeg ({error.strerror}) can read"
        ) from error
    return (np.concatenate(pieces, axis=1).T if pieces else np.zeros((0, 1), np.float32)), rate
