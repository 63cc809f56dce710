"""Files that documents are read from: on disk or inside a zip, packed by gzip or not."""

import csv
import functools
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
TEXTS = (".txt", ".text", ".md", ".markdown", ".rst")
PDF = ".pdf"
ZIP = ".zip"
KINDS = (*TABLES, *TEXTS, PDF)

UNREADABLE = (
    ValueError,
    OSError,
    EOFError,  # a gzip file that was cut off
    RuntimeError,  # a zip with a password, a compression that is not supported, JSON that is nested too deeply
    csv.Error,
    zlib.error,
    zipfile.BadZipFile,
    lzma.LZMAError,
    OverflowError,  # a date beyond Python's
)

_MOST_BYTES = 2**30  # of a file that is read as a whole; a small zip can hold endless ones


@dataclass(frozen=True, slots=True)
class File:
    """A file whose documents are wanted.

    Attributes
    ----------
    name
        The file's name; within a folder or zip its path there, which begins the places of its problems.
    open
        Opens its bytes, unpacked.
    path
        Where the same bytes lie on disk, if they do.
    """

    name: str
    open: Callable[[], IO[bytes]]
    path: Path | None = None
    in_folder: bool = False

    @property
    def kind(self) -> str:
        """Its suffix in lower case, without ``.gz``."""
        return kind_of(self.name)

    def at(self, place: str) -> str:
        """Name a place in the file, among other files if there are some."""
        return f"{self.name}, {place}" if self.in_folder else place

    def whole(self) -> bytes:
        """Return all its bytes, if a machine can be expected to hold them."""
        with self.open() as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ValueError("it is larger than 1 GB, and this kind has to be read as a whole")
        return content


def kind_of(name: str) -> str:
    """Return the suffix of a file's name in lower case, without ``.gz``."""
    return PurePosixPath(name.lower().removesuffix(".gz")).suffix


def file_on_disk(path: Path, name: str | None = None) -> File:
    """Return a file on disk; ``name`` is its path within the folder that is read."""
    packed = path.name.lower().endswith(".gz")
    opener = functools.partial(gzip.open, path, "rb") if packed else functools.partial(path.open, "rb")
    return File(name or path.name, opener, None if packed else path, in_folder=name is not None)  # type: ignore[arg-type]


def files_in_zip(path: Path, within: str = "") -> list[File]:
    """Return the files in a zip, which are opened in place: nothing is ever extracted."""
    archive = zipfile.ZipFile(path)
    last = {member.filename: member for member in archive.infolist() if not member.is_dir()}
    return [
        File(within + name, functools.partial(_open_member, archive, member), in_folder=True)
        for name, member in sorted(last.items())
        if not is_hidden(name)
    ]


def is_hidden(name: str) -> bool:
    """Tell whether a part of a path begins with a dot, or holds what macOS keeps beside files in a zip."""
    parts = PurePosixPath(name).parts
    return any(part == "__MACOSX" or (part.startswith(".") and part != "..") for part in parts)


def one_line(error: BaseException) -> str:
    """Return in one line what an error says."""
    return " ".join(str(error).split())[:300] or type(error).__name__


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Raise what goes wrong while a file is read as a ValueError that names it."""
    try:
        yield
    except UNREADABLE as error:
        raise ValueError(f"cannot read {where}: {one_line(error)}") from error


def _open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    opened = archive.open(member)
    return gzip.GzipFile(fileobj=opened) if member.filename.lower().endswith(".gz") else opened  # type: ignore[return-value]
