"""Which frames a video has and where decoding can begin, from its packets, without decoding."""

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from ..errors import MediaError
from .container_damage import missing_bytes

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

# Codecs that store pictures which are never shown, each in a packet of its own: their packets
# cannot be counted.
_HIDES_PICTURES = {"vp8"}


@dataclass(frozen=True)
class FrameIndex:
    """Frames in the order in which they are shown; stamps are in units of the stream's clock."""

    stamps: tuple[int, ...]
    """When each frame is shown, rising, from the first key frame on."""
    keys: tuple[int, ...]
    """Stamps of the frames at which decoding can begin, rising."""
    seekable: bool
    """Whether the stamps stand in the file; if not, frames are found by counting them."""

    def key_before(self, stamp: int) -> int:
        """The last key frame that is not after the frame ``stamp``."""
        return self.keys[bisect_right(self.keys, stamp) - 1]

    def between(self, stamp: int, later: int) -> int:
        """How many frames come after ``stamp``, up to and with ``later``."""
        return bisect_right(self.stamps, later) - bisect_right(self.stamps, stamp)


def index_frames(
    container: "InputContainer", track: "VideoStream", stream: BinaryIO
) -> FrameIndex | None:
    """Read all packets of ``track``; None if they do not say when frames are shown.

    Raises:
        MediaError: if the file is shorter than its header says, or has no frames.
    """
    packets = [packet for packet in container.demux(track) if packet.size]
    lost, promised = missing_bytes(stream), track.frames
    if lost or (container.format.name.startswith("mov") and len(packets) < promised):
        there = f"{len(packets)} of {promised}" if promised else f"about {len(packets)}"
        raise MediaError(
            f"the video is cut short: {there} frames are there"
            + (f", {lost} bytes are missing" if lost else "")
            + "; 'ffmpeg -i FILE -c copy NEW.mkv' keeps what is there"
        )
    shown = [packet for packet in packets if not packet.is_discard]
    stamps = [packet.pts for packet in shown if packet.pts is not None]
    if len(set(stamps)) < len(shown) or track.codec_context.name in _HIDES_PICTURES:
        return None
    keys = sorted(packet.pts for packet in shown if packet.is_keyframe and packet.pts is not None)
    # What comes before the first key frame (of a recording that was cut) nobody can decode.
    return _checked(
        FrameIndex(
            tuple(stamp for stamp in sorted(stamps) if keys and stamp >= keys[0]),
            tuple(keys),
            seekable=True,
        )
    )


def count_frames(container: "InputContainer", track: "VideoStream") -> FrameIndex:
    """Decode all frames; where one has no stamp, it follows the last by a frame."""
    rate, base = track.average_rate or track.guessed_rate or 25, track.time_base
    step = max(1, round(1 / (rate * base))) if base else 1
    stamps: list[int] = []
    for frame in container.decode(track):
        stamp = frame.pts
        if stamp is None or (stamps and stamp <= stamps[-1]):
            stamp = stamps[-1] + step if stamps else 0
        stamps.append(stamp)
    return _checked(FrameIndex(tuple(stamps), (), seekable=False))


def _checked(index: FrameIndex) -> FrameIndex:
    if not index.stamps:
        raise MediaError("the video has no frames")
    return index
