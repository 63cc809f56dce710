"""Gzip and zip, unpacked as they are read: further than honest files go, and not without end."""

import gzip
import io
import os
import zipfile
from collections import Counter
from collections.abc import Callable
from typing import IO, Any

from exemplar.data.errors import ExemplarError
from exemplar.data.readers import file

_STEP = 2**12  # bytes asked for at once: bzip2 and LZMA give all that so many packed bytes hold
_BUFFER = 2**16


class Budget:
    """How far a packed file may still be unpacked, all of its members together.

    Parameters
    ----------
    size
        Of the packed file, in bytes.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self._most = max(file.LEAST_UNPACKED, file.MOST_TIMES * size)
        self._reached: Counter[str] = Counter()
        self._total = 0

    def reach(self, member: str, position: int) -> None:
        """Note how far a member was read; what is read again counts once.

        Raises
        ------
        ExemplarError
            That is too far.
        """
        if position > self._reached[member]:
            self._total += position - self._reached[member]
            self._reached[member] = position
        if self._total > self._most:
            much = f"more than {self._most:,} bytes, beyond all measure for its size"
            raise ExemplarError(f"{self._name} expands to {much}; unpack it first")


def open_gzip(opened: Any, name: str, size: int) -> IO[bytes]:
    """Return what an open gzip file of so many bytes unpacks to."""
    return _gunzipped(opened, name, Budget(name, size))


def open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget) -> IO[bytes]:
    """Return what a member of a zip unpacks to, and once more if that is a gzip file."""
    opened = _buffered(archive.open(member), member.filename, budget)
    if member.filename.lower().endswith(".gz"):
        return _gunzipped(opened, f"{member.filename} unpacked", budget)
    return opened


def budget_of(archive: zipfile.ZipFile) -> Budget:
    """Return the budget of a zip on disk."""
    path = str(archive.filename)
    return Budget(os.path.basename(path), os.path.getsize(path))


def _gunzipped(opened: Any, member: str, budget: Budget) -> IO[bytes]:
    return _buffered(_OwnedGzip(opened), member, budget)


def _buffered(opened: Any, member: str, budget: Budget) -> IO[bytes]:
    def read(n_bytes: int) -> bytes:
        content: bytes = opened.read(min(n_bytes, _STEP))
        budget.reach(member, opened.tell())
        return content

    return io.BufferedReader(RawFile(opened, read), _BUFFER)


class _OwnedGzip(gzip.GzipFile):
    """A gzip file that closes what it reads from."""

    def __init__(self, opened: Any) -> None:
        super().__init__(fileobj=opened, mode="rb")
        self._packed = opened

    def close(self) -> None:
        super().close()
        self._packed.close()


class RawFile(io.RawIOBase):
    """A file that can be read and sought in, over another that is open and closed with it.

    Parameters
    ----------
    read
        How at most so many bytes of it are read.
    """

    def __init__(self, opened: Any, read: Callable[[int], bytes]) -> None:
        self._opened, self._read = opened, read

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be sought in."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer; return how many bytes."""
        content = self._read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; return where that is."""
        return int(self._opened.seek(offset, whence))

    def tell(self) -> int:
        """Return where it is."""
        return int(self._opened.tell())

    def close(self) -> None:
        """Close both."""
        if not self.closed:
            self._opened.close()
        super().close()
