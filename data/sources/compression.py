"""Packed files and zips, unpacked while they are read, up to a bound that real files never reach."""

import bz2
import gzip
import io
import lzma
import threading
import weakref
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from exemplar.data.errors import ExemplarError
from exemplar.data.files import file
from exemplar.data.files.file import packing_of
from exemplar.data.sources.zstandard import open_zstandard
from exemplar.data.text import one_line

_STEP = 2**12  # packed bytes per read; bzip2 and LZMA unpack all of them at once
_BUFFER = 2**16


class Budget:
    """The bound on the unpacked bytes of a packed file, all members together.

    Parameters
    ----------
    size
        Bytes of the packed file.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self._most = max(file.LEAST_UNPACKED, file.MOST_TIMES * size)
        self._reached: Counter[str] = Counter()
        self._total = 0

    def reach(self, member: str, position: int) -> None:
        """Record how far a member was read; bytes that are read again count once.

        Raises
        ------
        ExemplarError
            The members exceed the bound.
        """
        if position > self._reached[member]:
            self._total += position - self._reached[member]
            self._reached[member] = position
        if self._total > self._most:
            bound = f"more than {self._most:,} bytes, beyond all measure for its size"
            raise ExemplarError(f"{self._name} expands to {bound}; unpack it first")


def open_packed(opened: Any, name: str, size: int) -> IO[bytes]:
    """Return an open packed file of ``size`` bytes as a file of its unpacked bytes; the suffix is the packing."""
    return unpacked_within(Budget(name, size), opened, name)


def unpacked_within(budget: Budget, opened: Any, name: str) -> IO[bytes]:
    """Return an open packed file, whose unpacked bytes count for a bound, as a file of these bytes."""
    return buffered(_unpacked(opened, name), f"{name} unpacked", budget)


class Archive:
    """A zip on disk, opened when one of its members is read, and closed when a member of another zip is.

    A folder can hold more zips than a process may have open, and the list of a zip's members can be too long to read it
    again for every member.
    """

    _lock = threading.Lock()
    _open: "Callable[[], Archive | None]" = staticmethod(lambda: None)  # the archive that was opened last, weakly

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zip: zipfile.ZipFile | None = None
        self._budget = Budget(path.name, path.stat().st_size)

    def members(self) -> list[zipfile.ZipInfo]:
        """Return all members and folders."""
        with unpacking(), zipfile.ZipFile(self._path) as opened:
            return opened.infolist()

    def open(self, member: zipfile.ZipInfo) -> IO[bytes]:
        """Return a member as a file of its unpacked bytes; a packed file in a zip is unpacked twice."""
        with Archive._lock, unpacking():
            packed = self._opened().open(member)  # it stays open when the zip is closed
        opened = buffered(packed, member.filename, self._budget)
        if packing_of(member.filename):
            return unpacked_within(self._budget, opened, member.filename)
        return opened

    def _opened(self) -> zipfile.ZipFile:
        last = Archive._open()
        if last is not None and last is not self:
            last._close()
        if self._zip is None:
            self._zip = zipfile.ZipFile(self._path)
            Archive._open = weakref.ref(self)
        return self._zip

    def _close(self) -> None:
        if self._zip is not None:
            self._zip.close()
            self._zip = None


def buffered(opened: Any, member: str, budget: Budget) -> IO[bytes]:
    """Return an open file of a member, whose bytes count for a bound and whose errors are those of a bad file."""

    def read(n_bytes: int) -> bytes:
        with unpacking():
            content: bytes = opened.read(min(n_bytes, _STEP))
        budget.reach(member, opened.tell())
        return content

    return io.BufferedReader(RawFile(opened, read), _BUFFER)


@contextmanager
def unpacking() -> Iterator[None]:
    """Raise ExemplarError for what the modules of Python raise about a damaged or encrypted archive: many kinds."""
    try:
        yield
    except (ExemplarError, OSError, MemoryError):
        raise
    except Exception as error:
        raise ExemplarError(one_line(error)) from error


def _unpacked(opened: Any, name: str) -> "Owned":
    match packing_of(name):
        case ".bz2":
            return Owned(bz2.BZ2File(opened), opened)
        case ".xz":
            return Owned(lzma.LZMAFile(opened), opened)
        case ".zst":
            return Owned(open_zstandard(opened, name), opened)
        case _:
            return Owned(gzip.GzipFile(fileobj=opened, mode="rb"), opened)


class Owned:
    """A file of unpacked bytes, or of a member, that closes the file which it reads from."""

    def __init__(self, unpacked: Any, packed: Any) -> None:
        self._unpacked, self._packed = unpacked, packed
        self.read, self.seek, self.tell = unpacked.read, unpacked.seek, unpacked.tell

    def close(self) -> None:
        """Close both files."""
        self._unpacked.close()
        self._packed.close()


class RawFile(io.RawIOBase):
    """A seekable file for reading, on top of an open file, which it closes.

    Parameters
    ----------
    read
        Reads at most so many bytes.
    """

    def __init__(self, opened: Any, read: Callable[[int], bytes]) -> None:
        self._opened, self._read = opened, read

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer, and return the number of bytes."""
        content = self._read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to an offset, and return the position."""
        with unpacking():
            return int(self._opened.seek(offset, whence))

    def tell(self) -> int:
        """Return the position."""
        return int(self._opened.tell())

    def close(self) -> None:
        """Close both files."""
        if not self.closed:
            self._opened.close()
        super().close()
