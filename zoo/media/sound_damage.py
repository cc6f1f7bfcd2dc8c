"""Whether a sound file is shorter than its own header says; libsndfile would read what is there."""

import os
import struct
from typing import BinaryIO

_W64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_CHUNKS = {  # first bytes -> place of the first chunk, its size's form, the name of the samples'
    b"RIFF": (12, "<I", b"data"),
    b"RF64": (12, "<I", b"data"),
    b"FORM": (12, ">I", b"SSND"),  # AIFF
    b"caff": (8, ">q", b"data"),
}


def missing_bytes(stream: BinaryIO) -> int:
    """How many bytes are missing at the end of a wav, aiff, caf, w64, au or ogg file; 0: none.

    Of an ogg file the last page counts: one that ends behind a whole page may be a live recording.
    """
    end = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    head = stream.read(36)
    if head[:4] in _CHUNKS:
        wanted = _samples_end(stream, head)
    elif head[:4] == b"OggS":
        wanted = _pages_end(stream, end)
    elif head[:4] == b".snd":
        begin, size = struct.unpack(">2I", head[4:12].ljust(8, b"\0"))
        wanted = 0 if _left_open(size) else begin + size
    elif head[:16] == _W64:
        wanted = int.from_bytes(head[16:24], "little")
    else:
        wanted = 0
    stream.seek(0)
    return max(0, wanted - end)


def _samples_end(stream: BinaryIO, head: bytes) -> int:
    """Where the chunk of the samples ends; 0: nobody says."""
    place, form, name = _CHUNKS[head[:4]]
    length = struct.calcsize(form)
    stream.seek(place)
    while len(chunk := stream.read(4 + length)) == 4 + length:
        (size,) = struct.unpack(form, chunk[4:])
        if chunk[:4] == name:
            if head[:4] == b"RF64":  # its first chunk, ds64, has the sizes that need 64 bits
                size = int.from_bytes(head[28:36], "little")
            return 0 if _left_open(size) else stream.tell() + size
        if size < 0:
            break
        stream.seek(size + (size % 2 if length == 4 else 0), os.SEEK_CUR)
    return 0


def _left_open(size: int) -> bool:
    """Whether it is a size that programs write while a file goes through a pipe.

    Some write the largest number, others one some kilobytes below, with or without a sign bit.
    """
    top = 1 << 16
    return size <= 0 or any(limit - top <= size <= limit for limit in (1 << 31, (1 << 32) - 1))


def _pages_end(stream: BinaryIO, end: int) -> int:
    """Where the last of the pages that follow one another ends: a page lists its segments' sizes."""
    place = 0
    while place < end:
        stream.seek(place)
        head = stream.read(27)
        if not b"OggS".startswith(head[:4]):
            break  # something was appended
        if len(head) < 27:
            return place + 27
        sizes = stream.read(head[26])
        place += 27 + head[26] + sum(sizes)
    return place
