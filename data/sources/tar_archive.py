"""Tar archives, packed or not: their files in the order of the archive; no file gets a name on disk."""

import functools
import io
import tarfile
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.file import UNREADABLE, packing_of, tar_packing
from exemplar.data.sources.compression import Budget, Owned, buffered, open_packed, unpacked_within, unpacking
from exemplar.data.text import one_line, replace_lone_surrogates

_MOST_MEMBERS = 500_000
_MOST_EXTRA = 2**20  # bytes of the headers before a member, such as for a long name
_MOST_IN_MEMORY = 2**26  # bytes of a member; a larger one is kept in a temporary file without a name
_MOST_KEPT = 2**32
_PIECE = 2**16
_LINK = "a link in an archive, which is not followed"
_DEVICE = "not a file"


class _Info(tarfile.TarInfo):
    """A header; a damaged one is an error rather than the end, and one larger than any name is not read."""

    @classmethod
    def frombuf(cls, buf: Any, encoding: str, errors: str) -> Any:
        """Return the header in a block."""
        try:
            return super().frombuf(buf, encoding, errors)
        except (tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError) as error:  # type: ignore[attr-defined]
            raise tarfile.ReadError(str(error)) from error

    def _proc_member(self, archive: tarfile.TarFile) -> Any:
        is_extra = self.type in (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, *tarfile.GNU_TYPES)
        if is_extra and self.type != tarfile.GNUTYPE_SPARSE and self.size > _MOST_EXTRA:
            raise tarfile.ReadError(f"a header of {self.size:,} bytes")
        return super()._proc_member(archive)  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class TarListing:
    """The files of a tar by name, in the order of the archive, a problem for everything else, and why it ends early."""

    archive: "TarArchive"
    members: dict[str, tarfile.TarInfo]
    problems: list[Problem]
    damage: str = ""


class TarArchive:
    """A tar on disk.

    The bytes of a packed one come one after the other. A member is kept until the next is opened, so that it can be
    opened several times; to open one that lies before it begins at the start. Of all packed archives, one is open.
    """

    _lock = threading.RLock()
    _last: "Callable[[], TarArchive | None]" = staticmethod(lambda: None)  # the one that is open, weakly

    def __init__(self, path: Path) -> None:
        self._path = path
        self._packing = tar_packing(path.name) or ""
        self._budget = Budget(path.name, path.stat().st_size)
        self._tar: tarfile.TarFile | None = None
        self._source: IO[bytes] | None = None
        self._kept: tuple[int, Any] | None = None  # the place of a member, and its bytes

    def listing(self) -> TarListing:
        """Return what is in the archive, up to its first damage."""
        members: dict[str, tarfile.TarInfo] = {}
        problems: list[Problem] = []
        damage = ""
        try:
            with unpacking(), self._stream() as stream, self._opened(stream) as tar:
                for info in _infos(tar):
                    name = str(PurePosixPath(replace_lone_surrogates(info.name)))
                    if info.isfile() and info.size <= _MOST_KEPT:
                        members.pop(name, None)  # the last of a name counts, at its own place
                        members[name] = info
                    elif not info.isdir():
                        problems.append(Problem(name, _why_not(info)))
                    if len(members) + len(problems) > _MOST_MEMBERS:
                        raise ExemplarError(f"it has more than {_MOST_MEMBERS:,} files; unpack it first")
        except UNREADABLE as error:
            if not members:
                raise
            damage = f"read as far as it goes: {one_line(error)}"
        return TarListing(self, members, problems, damage)

    def open(self, info: tarfile.TarInfo) -> IO[bytes]:
        """Return a member as a file of its unpacked bytes; a packed file in a tar is unpacked twice."""
        with unpacking():
            opened = buffered(self._member(info), info.name, self._budget)
        return unpacked_within(self._budget, opened, info.name) if packing_of(info.name) else opened

    def _member(self, info: tarfile.TarInfo) -> Any:
        if not self._packing:
            stream = self._stream()
            return Owned(self._opened(stream).extractfile(info), stream)
        with TarArchive._lock:
            if self._kept is None or self._kept[0] != info.offset:
                self._kept = None
                self._kept = (info.offset, self._copy(info))
            return _Shared(self._kept[1], TarArchive._lock)

    def _copy(self, info: tarfile.TarInfo) -> Any:
        """Return the bytes of a member of a packed archive."""
        if self._tar is None or self._tar.offset > info.offset:
            last = TarArchive._last()
            if last is not None:
                last._close()
            self._source = self._stream()
            self._tar = self._opened(self._source)
            TarArchive._last = weakref.ref(self)
        found = next((each for each in _infos(self._tar) if each.offset == info.offset), None)
        member = self._tar.extractfile(found) if found is not None else None
        if member is None:
            raise ExemplarError("the archive has changed while it was read")
        kept = tempfile.SpooledTemporaryFile(_MOST_IN_MEMORY)  # noqa: SIM115 - closed with its last reader
        while piece := member.read(_PIECE):
            kept.write(piece)
        return kept

    def _close(self) -> None:
        if self._source is not None:
            self._source.close()
        self._source = self._tar = self._kept = None

    def _stream(self) -> IO[bytes]:
        opened = self._path.open("rb")
        if not self._packing:
            return opened
        return open_packed(opened, f"{self._path.name}{self._packing}", self._path.stat().st_size)

    def _opened(self, stream: IO[bytes]) -> tarfile.TarFile:
        return tarfile.open(fileobj=stream, mode="r|" if self._packing else "r:", tarinfo=_Info)


@functools.lru_cache(maxsize=1)
def _listed(path: Path, size: int, changed: int) -> TarListing:
    return TarArchive(path).listing()


def tar_listing(path: Path) -> TarListing:
    """Return what is in a tar; of the last one, it is kept as long as the file does not change."""
    state = path.stat()
    return _listed(path, state.st_size, state.st_mtime_ns)


def _infos(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (info := tar.next()) is not None:
        tar.members = []  # type: ignore[attr-defined]  # it keeps all of them otherwise
        yield info


def _why_not(info: tarfile.TarInfo) -> str:
    if info.isfile():
        return f"larger than {_MOST_KEPT:,} bytes in an archive; unpack it first"
    return _LINK if info.issym() or info.islnk() else _DEVICE


class _Shared(io.RawIOBase):
    """A file for reading whose bytes are shared with others that read at other places."""

    def __init__(self, kept: Any, lock: Any) -> None:
        self._kept, self._lock = kept, lock
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer, and return the number of bytes."""
        with self._lock:
            self._kept.seek(self._position)
            content = self._kept.read(len(buffer))
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to an offset, and return the position."""
        with self._lock:
            self._kept.seek(*((offset, whence) if whence != io.SEEK_CUR else (self._position + offset, io.SEEK_SET)))
            self._position = self._kept.tell()
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position
