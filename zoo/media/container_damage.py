"""Whether a video or sound file is shorter than its own headers say; FFmpeg would pass it over."""

import os
import struct
from typing import BinaryIO

_UNKNOWN_RIFF = (0, 0xFFFFFFFF)
_UNKNOWN_EBML = {(1 << 7 * length) - 1 for length in range(1, 9)}  # a size left open: live streams


def missing_bytes(stream: BinaryIO) -> int:
    """How many bytes are missing at the end of an mp4, mov, avi, mkv or webm file; 0: none.

    Other containers have no sizes in their headers, so nothing can be said of them.
    """
    end = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    head = stream.read(12)
    if head[:4] == b"RIFF":
        wanted = _riff_end(stream, end)
    elif head[:4] == b"\x1aE\xdf\xa3":
        wanted = _segment_end(stream)
    elif head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        wanted = _boxes_end(stream, end)
    else:
        wanted = end
    stream.seek(0)
    return max(0, wanted - end)


def _riff_end(stream: BinaryIO, end: int) -> int:
    """Chunks follow one another; files above 1 GB have several, each named RIFF."""
    place = 0
    while place + 8 <= end:
        stream.seek(place)
        name, size = struct.unpack("<4sI", stream.read(8))
        if name != b"RIFF" or size in _UNKNOWN_RIFF:  # the writer did not come back
            break
        place += 8 + size + size % 2
    return place - 1 if place == end + 1 else place  # the last pad byte is often left out


def _boxes_end(stream: BinaryIO, end: int) -> int:
    place = 0
    while place < end:
        stream.seek(place)
        head = stream.read(16)
        if len(head) < 8:
            return place + 8
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size == 0:  # up to the end of the file
            return end
        if size < 8:
            break  # not a box: something was appended
        place += size
    return place


def _segment_end(stream: BinaryIO) -> int:
    """After the EBML header comes the segment, which holds all the rest."""
    stream.seek(4)
    header = _ebml_number(stream)
    stream.seek(header, os.SEEK_CUR)
    if stream.read(4) != b"\x18S\x80g":
        return 0
    size = _ebml_number(stream)
    return 0 if size in _UNKNOWN_EBML else stream.tell() + size


def _ebml_number(stream: BinaryIO) -> int:
    """A number whose first byte says by its leading zeros how many bytes follow."""
    first = int.from_bytes(stream.read(1), "big")
    length = 9 - first.bit_length()
    if not 1 <= length <= 8:
        return 0
    value = first - (1 << 8 - length)
    return int.from_bytes(value.to_bytes(1, "big") + stream.read(length - 1), "big")
