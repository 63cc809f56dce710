"""Zstandard files, whose frames may look back by gigabytes, as those of long archives do."""

import contextlib
import os
from pathlib import Path
from typing import Any

from exemplar.data.errors import ExemplarError

_USUAL_WINDOW = 27  # the binary logarithm of the bytes that any decoder takes
_LONGEST_WINDOW = 31
_SPARE = 2**29  # bytes of memory that are left to others
_OF_CONTAINERS = (  # the memory that one may take, and what it has taken
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def open_zstandard(opened: Any, name: str) -> Any:
    """Return an open Zstandard file as a file of its unpacked bytes.

    A frame's window is held in memory; one of more than 128 MB is read only where that much memory is free.
    """
    zstd = _library()
    options = {zstd.DecompressionParameter.window_log_max: _longest_window()}
    return _Readable(zstd.ZstdFile(opened, options=options), name, zstd.ZstdError)


class _Readable:
    """An unpacked file whose error for a too long window says what to do."""

    def __init__(self, unpacked: Any, name: str, error: type[Exception]) -> None:
        self._unpacked, self._name, self._error = unpacked, name, error
        self.seek, self.tell, self.close = unpacked.seek, unpacked.tell, unpacked.close

    def read(self, n_bytes: int) -> bytes:
        try:
            content: bytes = self._unpacked.read(n_bytes)
        except self._error as error:
            if "memory" not in str(error):
                raise
            raise ExemplarError(
                f"{self._name} looks back further than fits into the free memory; pack it anew, for example by: "
                f"zstd -d --long=31 {self._name} -c | zstd -o smaller.zst"
            ) from error
        return content


def _library() -> Any:
    try:
        from compression import zstd  # since Python 3.14
    except ImportError:
        from backports import zstd
    return zstd


def _longest_window() -> int:
    """Return the binary logarithm of the longest window that fits into the free memory."""
    fits = max(0, _free_memory() - _SPARE).bit_length() - 1
    return int(min(max(fits, _USUAL_WINDOW), _LONGEST_WINDOW))


def _free_memory() -> int:
    """Return the bytes of memory that this process can get; half of the machine's where the system tells only that."""
    free = []
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        free += [int(line.split()[1]) * 2**10 for line in lines if line.startswith("MemAvailable:")]
    for most, used in _OF_CONTAINERS:
        with contextlib.suppress(OSError, ValueError):  # ValueError: the word max
            free.append(int(Path(most).read_text()) - int(Path(used).read_text()))
    if not free:
        with contextlib.suppress(AttributeError, ValueError, OSError):
            free.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
    return min(free, default=_SPARE + 2**_LONGEST_WINDOW)  # Windows grants no memory that it does not have
