"""The corpus on disk: a manifest that names one build, and that build's documents and vectors.

::

    <home>/corpora/<name>/manifest.json
    <home>/corpora/<name>/<build>/documents.arrow    doc_id, text, label; one row a document
    <home>/corpora/<name>/<build>/vectors.npy        (n_passages, dim) float32, unit rows

The manifest is written last, and atomically. A build that it doesn't name does not exist for readers, so a
half-written corpus is never taken for a whole one, and a rebuild replaces the old corpus in one step.
"""

import functools
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from data.home import home_folder, write_atomically
from data.sources import Document

FORMAT = 1
DOCUMENT_SCHEMA = pa.schema([("doc_id", pa.large_string()), ("text", pa.large_string()), ("label", pa.large_string())])

_logger = logging.getLogger(__name__)


class CorpusNotFound(ValueError):
    """No corpus of this name has been built."""


class CorpusDamaged(ValueError):
    """The corpus's files contradict its manifest, or can't be read."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a corpus is and how it was made; ``created`` is an ISO 8601 time in UTC."""

    name: str
    build: str
    created: str
    source: Mapping[str, Any]
    model: str
    precision: str
    device: str
    dim: int
    n_documents: int
    n_passages: int
    format: int = FORMAT


@dataclass(frozen=True)
class Corpus:
    """An open corpus: documents and the unit vectors of their passages.

    Attributes
    ----------
    documents
        Table with the columns of ``DOCUMENT_SCHEMA``, memory-mapped.
    vectors
        ``(n_passages, dim) float32``, unit rows, memory-mapped and read-only. Row i belongs to document i:
        every document is one passage, as much of it as the model reads.
    """

    manifest: Manifest
    documents: pa.Table
    vectors: NDArray[np.float32]

    @functools.cached_property
    def rows(self) -> dict[str, int]:
        """Row of each doc_id."""
        return {doc_id: row for row, doc_id in enumerate(self.documents["doc_id"].to_pylist())}

    def row(self, doc_id: str) -> int:
        """Return the row of a document; a ValueError says so if there is none."""
        try:
            return self.rows[doc_id]
        except KeyError:
            raise ValueError(f"there is no document '{doc_id}' in the corpus '{self.manifest.name}'") from None

    def document(self, row: int) -> Document:
        """Return the document at a row."""
        doc_id, text, label = (self.documents[name][row].as_py() for name in DOCUMENT_SCHEMA.names)
        return Document(doc_id, text, label)


def check_name(name: str) -> str:
    """Return the name of a corpus if it can be one: it becomes a folder's name."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise ValueError(
            f"'{name}' can't be the name of a corpus: use letters, digits, '-', '_' and '.', "
            "beginning with a letter or digit, at most 100"
        )
    return name


def corpus_folder(name: str) -> Path:
    """Return the folder of a corpus, which need not exist."""
    return home_folder() / "corpora" / check_name(name)


def read_manifest(name: str) -> Manifest:
    """Read a corpus's manifest.

    Raises
    ------
    CorpusNotFound
        There is no corpus of that name; the message lists those there are.
    CorpusDamaged
        The manifest can't be understood.
    """
    path = corpus_folder(name) / "manifest.json"
    try:
        content = json.loads(path.read_bytes())
        known = {field.name for field in fields(Manifest)}
        if content.get("format") != FORMAT or content.keys() != known:
            raise CorpusDamaged(f"the corpus '{name}' was written by another version of Exemplar; build it again")
        return Manifest(**content | {"name": name})  # a folder that was copied is a corpus of its own
    except (FileNotFoundError, NotADirectoryError):
        names = ", ".join(_names()) or "none yet"
        raise CorpusNotFound(f"there is no corpus named '{name}' (there are: {names})") from None
    except (AttributeError, UnicodeDecodeError, json.JSONDecodeError, OSError) as error:
        raise CorpusDamaged(f"the manifest of the corpus '{name}' can't be read; build it again") from error


def write_manifest(manifest: Manifest) -> None:
    """Write a manifest: from here on its build is the corpus."""
    content = json.dumps(asdict(manifest), indent=2).encode()
    write_atomically(corpus_folder(manifest.name) / "manifest.json", content)


def list_corpora() -> list[Manifest]:
    """Return the manifests of all corpora, by name; a damaged one is logged and left out."""
    manifests = []
    for name in _names():
        try:
            manifests.append(read_manifest(name))
        except ValueError as error:
            _logger.warning("%s", error)
    return manifests


def _names() -> list[str]:
    return sorted(path.parent.name for path in (home_folder() / "corpora").glob("*/manifest.json"))


def open_corpus(name: str) -> Corpus:
    """Open a corpus, memory-mapped, after checking that its files fit its manifest.

    Raises
    ------
    CorpusNotFound
        There is no corpus of that name.
    CorpusDamaged
        Files are missing, cut short, or hold rows that are not unit vectors.
    """
    manifest = read_manifest(name)
    try:
        return _open(manifest)
    except CorpusDamaged:
        current = read_manifest(name)
        if current.build == manifest.build:
            raise
        return _open(current)  # a rebuild has replaced it meanwhile


def _open(manifest: Manifest) -> Corpus:
    folder = corpus_folder(manifest.name) / manifest.build
    try:
        with pa.memory_map(str(folder / "documents.arrow")) as file:
            documents = pa.ipc.open_file(file).read_all()
        # A view of the base class: arithmetic on a memmap makes memmaps. Read-only, for many sessions share it.
        vectors = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False).view(np.ndarray)
        whole = documents.schema == DOCUMENT_SCHEMA and documents.num_rows == manifest.n_documents
        whole = whole and vectors.dtype == np.float32 and vectors.shape == (manifest.n_passages, manifest.dim)
        whole = whole and np.allclose(np.einsum("ij,ij->i", vectors, vectors), 1.0, atol=1e-3)
    except (OSError, EOFError, ValueError, pa.ArrowException) as error:
        raise CorpusDamaged(f"the files of the corpus '{manifest.name}' can't be read; build it again") from error
    if not whole:
        raise CorpusDamaged(f"the files of the corpus '{manifest.name}' do not fit its manifest; build it again")
    return Corpus(manifest, documents, vectors)
