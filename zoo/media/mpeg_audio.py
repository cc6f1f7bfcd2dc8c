"""MPEG audio (mp3, mp2, mp1): how long a stream is, as far as its own headers say.

Layout of a frame's header: ISO/IEC 11172-3, section 2.4.1.3, and 13818-3 for the lower rates.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from ..errors import MediaError

if TYPE_CHECKING:
    from av import Packet

_HEADER = 4  # bytes
_KBITS = {  # (is version 1, layer): kbit/s by the header's index from 1
    (True, 1): range(32, 449, 32),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = (44100, 48000, 32000)  # Hz; version 2 has half, version 2.5 a quarter of them
_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")

# A first frame without sound, whose flags say that the number of frames follows.
_COUNT = re.compile(rb"\xff[\xe2-\xff].{11,36}(?:Xing|Info)\0{3}[\1\3\5\7\x09\x0b\x0d\x0f]", re.S)


def counts_its_frames(stream: BinaryIO) -> bool:
    """Whether a Xing or Info header gives the number of all frames; the stream's place stays.

    Without one, libsndfile guesses the length from the first frame's bitrate; of files put together
    it reads the first. Of VBRI headers it knows nothing.
    """
    place = stream.tell()
    stream.seek(0)
    first = _after_tags(stream)
    stream.seek(first)
    found = _COUNT.search(stream.read(4106))
    whole = found is not None and not _goes_on(stream, first, found)
    stream.seek(place)
    return whole


def _after_tags(stream: BinaryIO) -> int:
    """The place behind the ID3 tags that follow."""
    while (head := stream.read(10))[:3] in (b"ID3", b"TAG"):
        size = sum((byte & 127) << 7 * power for power, byte in enumerate(reversed(head[6:])))
        footer = 10 if head[5:6] and head[5] & 16 else 0
        stream.seek(size + footer if head[:3] == b"ID3" else 118, 1)
    return stream.tell() - len(head)


def _goes_on(stream: BinaryIO, first: int, count: re.Match[bytes]) -> bool:
    """Whether frames follow those that the header counts: it may say how many bytes they have."""
    stream.seek(first + count.end() + 4)
    size = int.from_bytes(stream.read(4), "big") if count[0][-1] & 2 else 0
    stream.seek(first + count.start() + size)
    place = _after_tags(stream)
    for _ in range(2):  # by chance a byte in some thousands looks like a frame, two do not
        stream.seek(place)
        length = frame_bytes(stream.read(_HEADER))
        if not (size and length):
            return False
        place += length
    return True


def frame_bytes(head: bytes) -> int:
    """The size of the frame that begins with these bytes; 0: none begins here."""
    if head[:1] != b"\xff" or len(head) < 2 or head[1] < 0xE0:
        return 0
    if len(head) < _HEADER:
        return _HEADER  # at least
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    index, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or index in (0, 15) or rate == 3:
        return 0
    hertz = _RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    bits = 1000 * _KBITS[version == 3, layer][index - 1]
    padding = head[2] >> 1 & 1
    if layer == 1:
        return 4 * (12 * bits // hertz + padding)
    return (72 if layer == 3 and version != 3 else 144) * bits // hertz + padding


def only_frames(packets: Iterable["Packet"]) -> Iterator["Packet"]:
    """Demuxed packets without the tags before and between frames, and without what is at the end.

    Raises:
        MediaError: for a last frame that is cut off, and for other bytes between frames.
    """
    from av import Packet

    odd = 0
    for packet in packets:
        data = bytes(packet)
        if odd and data:
            raise _damaged(odd)
        wanted = frame_bytes(data)
        if wanted > len(data):
            raise MediaError(
                f"the file is cut short: {wanted - len(data)} bytes of its last frame are missing"
            )
        if wanted or not data:  # the empty packet is the end
            yield packet
            continue
        frame = _last_frame(data)
        if not frame:
            odd = len(data)  # a tag or padding, if nothing follows
        elif data.startswith(_TAGS):
            yield Packet(frame)
        else:
            raise _damaged(len(data) - len(frame))


def _last_frame(data: bytes) -> bytes:
    """The frame that ends a packet; FFmpeg leaves what lies between two frames before it."""
    at = data.find(b"\xff")
    while at >= 0:
        if frame_bytes(data[at : at + _HEADER]) == len(data) - at:
            return data[at:]
        at = data.find(b"\xff", at + 1)
    return b""


def _damaged(odd: int) -> MediaError:
    return MediaError(f"the sound is damaged: {odd} bytes amid it are no MPEG audio")
