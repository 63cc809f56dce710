"""A file for a reader: access to its unpacked bytes on disk, in a zip or in storage, and bounds on unpacking."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from exemplar.data.errors import ExemplarError, TableUnknown
from exemplar.data.files.options import DEFAULTS, ReadOptions
from exemplar.data.text import one_line

PACKINGS = (".gz", ".bz2", ".xz", ".zst")  # suffixes of files that hold one packed file
ZIP = ".zip"
_TARS = {".tar": "", ".tgz": ".gz", ".tbz": ".bz2", ".tbz2": ".bz2", ".txz": ".xz", ".tzst": ".zst"}
ARCHIVES = (ZIP, *_TARS)  # suffixes of archives that are read like folders, packings apart
_OTHER_ARCHIVES = (".7z", ".rar", ".lzh", ".cab", ".arj", ".z01", ".dmg", ".iso")

UNREADABLE = (ExemplarError, OSError, MemoryError)  # all that a bad file, a disk or too little memory causes

LEAST_UNPACKED = 2**30  # bytes that any packed file may expand to
MOST_TIMES = 200  # its packed size; text packs to a tenth, rarely to a hundredth, zeros to a thousandth

_PIECE = 2**20  # bytes
_MOST_BYTES = 2**30  # of a file that is read at once; a small zip can hold far larger ones


@dataclass(frozen=True, slots=True)
class File:
    """A file to read documents from.

    Attributes
    ----------
    name
        The name of the file; in a folder or zip, its path within it.
    open
        Opens the file for reading its unpacked bytes.
    path
        The path of the same bytes on disk; None if no file on disk has them.
    in_folder
        Whether the source has more files, so that messages about rows begin with the name.
    seekable
        Whether the open file can seek without reading.
    options
        The person's choices about its format.
    known
        What was found out about it, so that it is not opened again.
    """

    name: str
    open: Callable[[], IO[bytes]]
    path: Path | None = None
    in_folder: bool = False
    seekable: bool = False
    options: ReadOptions = DEFAULTS
    known: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def kind(self) -> str:
        """The suffix of the name in lower case, without that of a packing."""
        return kind_of(self.name)

    def at(self, position: str) -> str:
        """Return a position such as "row 17" for a message, after the name if the source has more files."""
        return f"{self.name}, {position}" if self.in_folder else position

    def content(self) -> bytes:
        """Return all unpacked bytes; raises ExemplarError for more than 1 GB."""
        content = io.BytesIO()
        with self.open() as file:
            while piece := file.read(_PIECE):  # never allocate the size that the file claims
                content.write(piece)
                if content.tell() > _MOST_BYTES:
                    raise ExemplarError("it is larger than 1 GB, and files of this kind are read all at once")
        return content.getvalue()


def kind_of(name: str) -> str:
    """Return the suffix of a file's name in lower case, without that of a packing."""
    return _suffix(without_packing(name))


def _suffix(name: str) -> str:
    """Return the suffix of a path in lower case, as ``pathlib`` does, which takes far longer."""
    last = name[name.rfind("/") + 1 :]
    dot = last.rfind(".")
    return last[dot:].lower() if 0 < dot < len(last) - 1 else ""


def packing_of(name: str) -> str:
    """Return the suffix of a packing that a file's name ends with, in lower case; empty for another name."""
    suffix = _suffix(name)
    return suffix if suffix in PACKINGS else ""


def without_packing(name: str) -> str:
    """Return a file's name without the suffix of a packing."""
    return name[: -len(packing)] if (packing := packing_of(name)) else name


def tar_packing(name: str) -> str | None:
    """Return the packing of a tar by its name, empty for one that is not packed; None for a file of another name."""
    kind, packing = kind_of(name), packing_of(name)
    return None if kind not in _TARS or (packing and kind != ".tar") else packing or _TARS[kind]


def is_archive(name: str) -> bool:
    """Return whether a file with this name is an archive that is read like a folder."""
    return _suffix(name) == ZIP or tar_packing(name) is not None


def is_any_archive(name: str) -> bool:
    """Return whether a file with this name is an archive, one that is not read included."""
    return is_archive(name) or kind_of(name) in (ZIP, *_OTHER_ARCHIVES)


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Turn any error of reading a bad file into an ExemplarError that names the file."""
    try:
        yield
    except UNREADABLE as error:
        message = f"cannot read {where}: {one_line(error)}"
        if isinstance(error, TableUnknown):
            raise TableUnknown(message, error.tables) from error
        raise ExemplarError(message, hint=error.hint if isinstance(error, ExemplarError) else None) from error
