"""The file that a reader reads: its bytes, unpacked, wherever it lies, and the bounds on how far it unpacks."""

import csv
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from exemplar.data.errors import ExemplarError
from exemplar.data.text import one_line

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
    struct.error,  # a zip whose member lacks the head of its packing
    OverflowError,  # a date beyond Python's
    MemoryError,
)

LEAST_UNPACKED = 2**30  # bytes to which any packed file may unpack
MOST_TIMES = 200  # its size; text packs to a tenth, rarely to a hundredth, and zeros to a thousandth

_PIECE = 2**20  # bytes
_MOST_BYTES = 2**30  # of a file that is read all at once; a small zip can hold endless ones


@dataclass(frozen=True, slots=True)
class File:
    """A file to read documents from.

    Attributes
    ----------
    name
        Its name; in a folder or zip its path there, with which messages about its rows begin.
    open
        Opens it for reading its bytes, unpacked.
    path
        Where the same bytes lie on disk; None if they do not.
    seekable
        Whether seeking in the open file costs nothing.
    """

    name: str
    open: Callable[[], IO[bytes]]
    path: Path | None = None
    in_folder: bool = False
    seekable: bool = False

    @property
    def kind(self) -> str:
        """Its suffix in lower case, without ``.gz``."""
        return kind_of(self.name)

    def at(self, place: str) -> str:
        """Return how a message names a place in the file: with the file's name if it is one of several."""
        return f"{self.name}, {place}" if self.in_folder else place

    def content(self) -> bytes:
        """Return all its bytes; ExemplarError if there is more than 1 GB of them."""
        content = io.BytesIO()
        with self.open() as file:
            while piece := file.read(_PIECE):  # never allocate for a size that the file claims
                content.write(piece)
                if content.tell() > _MOST_BYTES:
                    raise ExemplarError("it is larger than 1 GB, and files of this kind are read all at once")
        return content.getvalue()


def kind_of(name: str) -> str:
    """Return the suffix of a file's name in lower case, without ``.gz``."""
    return PurePosixPath(name.lower().removesuffix(".gz")).suffix


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Turn whatever reading a bad file raises into an ExemplarError that names the file."""
    try:
        yield
    except UNREADABLE as error:
        raise ExemplarError(f"cannot read {where}: {one_line(error)}") from error
