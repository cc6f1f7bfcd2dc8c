"""Peak memory of a piece of work: of the process, or of the GPU where one is used."""

import ctypes
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import torch
from torch import nn

MIB = 1 << 20


class PeakMemory:
    """``with PeakMemory(device) as peak: ...``; afterwards ``before`` and ``peak`` in bytes.

    On Linux the kernel's high-water mark of resident memory is reset at the start. Elsewhere it
    cannot be, so that ``peak`` is the process's own maximum so far: use a fresh process.
    """

    def __init__(self, device: str = "cpu") -> None:
        self.device = torch.device(device)
        self.before = 0
        self.peak = 0

    def __enter__(self) -> "PeakMemory":
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
            torch.cuda.reset_peak_memory_stats(self.device)
            self.before = torch.cuda.memory_allocated(self.device)
        else:
            _reset_high_water_mark()
            self.before = _resident("VmRSS")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
            self.peak = torch.cuda.max_memory_allocated(self.device)
        else:
            self.peak = max(_resident("VmHWM"), self.before)

    def to_dict(self) -> dict[str, float]:
        """MiB: all of it at the peak, and how much of that the work took."""
        return {
            "peak_mib": round(self.peak / MIB, 1),
            "work_mib": round((self.peak - self.before) / MIB, 1),
        }


def highest(device: str) -> float:
    """MiB that this process has held at most so far: in memory, or on the GPU where one is used."""
    place = torch.device(device)
    if place.type == "cuda":
        return round(torch.cuda.max_memory_allocated(place) / MIB, 1)
    return round(_resident("VmHWM") / MIB, 1)


def touch(module: nn.Module) -> None:
    """Read a little of every page of the weights: mapped files come into memory only when read."""
    for tensor in (*module.parameters(), *module.buffers()):
        if not tensor.is_meta:
            tensor.detach().flatten()[::512].sum()


def _reset_high_water_mark() -> None:
    with suppress(OSError, AttributeError):  # glibc keeps freed memory: give it back, so that
        ctypes.CDLL(None).malloc_trim(0)  # earlier work does not hide what comes
    with suppress(OSError):  # no Linux, or not allowed to: the mark stays where it was
        Path("/proc/self/clear_refs").write_text("5")


def _resident(field: str) -> int:
    """Resident memory in bytes: now (VmRSS) or at its highest (VmHWM)."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    import resource  # not on Windows

    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest if sys.platform == "darwin" else highest * 1024
