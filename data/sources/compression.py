"""Gzip and zip, unpacked as they are read: further than honest files go, and not without end."""

import gzip
import io
import os
import zipfile
from collections import Counter
from typing import IO, Any

from exemplar.data.sources.raw import RawFile

LEAST = 2**30  # bytes, which any packed file may unpack to
MOST_TIMES = 200  # its size; text packs to a tenth, rarely to a hundredth, and zeros to a thousandth

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
        self._most = max(LEAST, MOST_TIMES * size)
        self._reached: Counter[str] = Counter()
        self._total = 0

    def reach(self, member: str, position: int) -> None:
        """Note how far a member was read; what is read again counts once.

        Raises
        ------
        ValueError
            That is too far.
        """
        if position > self._reached[member]:
            self._total += position - self._reached[member]
            self._reached[member] = position
        if self._total > self._most:
            much = f"more than {self._most:,} bytes, beyond all measure for its size"
            raise ValueError(f"{self._name} expands to {much}; unpack it first")


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
