"""Videos through FFmpeg (PyAV), decoded frame by frame and only as far as they are needed."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from torch import Tensor

from ..errors import MediaError
from .container_damage import missing_bytes
from .streams import open_stream
from .timing import mean_rate
from .video_clip import Clip
from .video_frame import pixels
from .video_index import count_frames, index_frames

_WORTH_SEEKING = 8  # frames: fewer are decoded sooner than sought over

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream


class VideoFile(Clip):
    """The first picture track of an encoded video: a path, or its bytes.

    Opening reads the packets but decodes one frame. Times are the presentation times, from the
    first frame on. A file that is shorter than its header says, and a frame that is damaged, are
    errors, not fewer frames.

    Raises:
        MediaError: if it is no video, is cut short, or has no frames.
    """

    def __init__(self, source: object) -> None:
        self.source = source  # a path or bytes: what can be opened again
        with self._opened() as (container, track), open_stream(source) as stream:
            index = index_frames(container, track, stream)
            base, stated = track.time_base, track.average_rate or track.guessed_rate
        if index is None:
            with self._opened() as (container, track):
                index = count_frames(container, track)
        assert base is not None  # of every stream that FFmpeg reads
        self._index = index
        self.times = tuple(float((stamp - index.stamps[0]) * base) for stamp in index.stamps)
        self.fps = float(stated) if stated else mean_rate(self.times)
        first = next(self.frames([0]))
        self.size = (first.shape[1], first.shape[2])

    def __len__(self) -> int:
        return len(self._index.stamps)

    def frames(self, indices: Iterable[int] | None = None) -> Iterator[Tensor]:
        """See :class:`Clip`. Seeks over what is not needed, where the file can be sought in."""
        wanted = list(range(len(self)) if indices is None else indices)
        with self._opened() as (container, track):
            if indices is None:
                track.thread_type = "AUTO"
            walk = self._sought if self._index.seekable else self._counted
            at, image = -1, None
            found = walk(container, track, sorted(set(wanted)))
            for index in wanted:
                if index != at or image is None:
                    at, frame = index, self._next(found, index)
                    image = pixels(frame)
                    if index and tuple(image.shape[1:]) != self.size:
                        raise MediaError(
                            f"frame {index} is {image.shape[2]} x {image.shape[1]} pixels, the first "
                            f"{self.size[1]} x {self.size[0]}; scale them to one size first"
                        )
                yield image

    def _counted(
        self, container: "InputContainer", track: "VideoStream", wanted: list[int]
    ) -> Iterator["VideoFrame"]:
        """Frames by their number among all that are decoded."""
        left = iter(wanted)
        target = next(left, None)
        for number, frame in enumerate(container.decode(track)):
            if number == target:
                yield frame
                target = next(left, None)
            if target is None:
                return

    def _sought(
        self, container: "InputContainer", track: "VideoStream", wanted: list[int]
    ) -> Iterator["VideoFrame"]:
        """Frames by their stamps, from the nearest key frame on unless decoding is nearer."""
        index, decoded = self._index, iter(())
        before: VideoFrame | None = None
        latest: VideoFrame | None = None
        for stamp in (index.stamps[number] for number in wanted):
            key = index.key_before(stamp)
            if latest is None or index.between(_stamp(latest), key) > _WORTH_SEEKING:
                decoded = self._decoded_from(container, track, key)
                before, latest = None, next(decoded, None)
            while latest is not None and _stamp(latest) < stamp:
                before, latest = latest, next(decoded, None)
            # A packet whose picture is not shown leaves the one before it on screen.
            shown = latest if latest is None or _stamp(latest) == stamp else before
            if shown is None:
                return  # the file ended before the frame came
            yield shown

    def _decoded_from(
        self, container: "InputContainer", track: "VideoStream", key: int
    ) -> Iterator["VideoFrame"]:
        """All frames from the key frame on, or from an earlier one."""
        first = self._index.keys[0]
        for place in (key, first):
            # Some containers seek by decoding times, which lie before the stamps.
            container.seek(place, stream=track, backward=True)
            decoded = container.decode(track)
            frame = next(decoded, None)
            if frame is not None and _stamp(frame) <= key:
                yield frame
                yield from decoded
                return
        container.seek(0)
        yield from container.decode(track)

    def _next(self, found: Iterator["VideoFrame"], index: int) -> "VideoFrame":
        from av.error import FFmpegError

        try:
            frame, reason = next(found, None), "its data are damaged or missing"
        except FFmpegError as error:
            frame, reason = None, error.strerror
        if frame is None or frame.is_corrupt:
            raise MediaError(f"frame {index} of {len(self)} cannot be decoded ({reason})")
        return frame

    @contextmanager
    def _opened(self) -> "Iterator[tuple[InputContainer, VideoStream]]":
        import av  # late: most media need no FFmpeg
        from av.error import FFmpegError

        with open_stream(self.source) as stream:
            try:
                with av.open(stream, "r") as container:
                    if not container.streams.video:
                        raise MediaError("the file has no pictures in it, only sound or text")
                    yield container, container.streams.video[0]
            except FFmpegError as error:
                lost = missing_bytes(stream)
                if lost:
                    raise MediaError(
                        f"the video is cut short: {lost} bytes are missing, and without them no "
                        f"frame can be read ({error.strerror})"
                    ) from error
                raise MediaError(f"not a video that FFmpeg can read ({error.strerror})") from error


def _stamp(frame: "VideoFrame") -> int:
    return frame.pts if frame.pts is not None else -(1 << 62)
