"""The ids that documents of a corpus have or had: an id that a source does not give is never given to another text.

``<corpus>/gone.arrow`` holds the ids of documents that are gone, with the hashes of their texts and when they came.
"""

import contextlib
import itertools
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from exemplar.data.corpus.arrivals import UNKNOWN
from exemplar.data.documents import text_hash
from exemplar.data.home import content_of, write_atomically

_GONE = "gone.arrow"
_SCHEMA = pa.schema([("doc_id", pa.large_string()), ("text_hash", pa.uint64()), ("arrived", pa.int64())])
_MOST_BYTES = 2**36  # of the file


@dataclass(frozen=True, slots=True)
class Known:
    """The ids of documents, the hashes of their texts, and when they came: in seconds, or ``UNKNOWN``."""

    doc_ids: Sequence[str] = ()
    hashes: Sequence[int] = field(default_factory=lambda: array("Q"))
    arrived: Sequence[int] = field(default_factory=lambda: array("q"))

    @classmethod
    def of(cls, earlier: Iterable[tuple[pa.Table, NDArray[np.int64]]], folder: Path) -> Self:
        """Return the ids of earlier documents, and those of a corpus that are gone.

        Parameters
        ----------
        earlier
            Tables of documents, the most important first, each with the times at which they came.
        """
        pairs: dict[tuple[str, int], int] = {}
        for documents, arrived in earlier:
            for pair, at in zip(_pairs(documents), arrived.tolist(), strict=True):
                pairs[pair] = pairs.get(pair) or at
        with contextlib.suppress(OSError, ValueError, pa.ArrowException):  # none yet, or damaged
            for doc_id, each, at in _gone_in(folder):
                pairs[doc_id, each] = pairs.get((doc_id, each)) or at
        hashes = array("Q", (each for _, each in pairs))
        return cls([doc_id for doc_id, _ in pairs], hashes, array("q", pairs.values()))

    def kept_ids(self, hashes: Sequence[int], taken: set[str]) -> set[str]:
        """Return the ids that numbered documents keep by the hashes of their texts, if others have taken some."""
        if not hashes or not self.doc_ids:
            return set()
        kept = _kept_ids([True] * len(hashes), hashes, _ids_by_hash(self.doc_ids, self.hashes, taken))
        return {doc_id for doc_id in kept if doc_id is not None}

    def arrivals(self, doc_ids: Sequence[str], hashes: Sequence[int], now: int) -> list[int]:
        """Return when documents came: as one of the same id did, else as one of the same text whose id is gone."""
        by_id: dict[str, int] = {}
        by_text: dict[int, int] = {}
        present = set(doc_ids)
        for doc_id, each, at in zip(self.doc_ids, self.hashes, self.arrived, strict=True):
            if at != UNKNOWN:
                by_id.setdefault(doc_id, at)
                if doc_id not in present:
                    by_text.setdefault(each, at)
        return [by_id.get(doc_id) or by_text.get(each) or now for doc_id, each in zip(doc_ids, hashes, strict=True)]

    def write_gone(self, documents: pa.Table, folder: Path) -> None:
        """Write the ids that the documents of a table do not have, with their hashes, into the corpus's folder."""
        used = set(_ids(documents))
        known = zip(self.doc_ids, self.hashes, self.arrived, strict=True)
        gone = [each for each in known if each[0] not in used]
        if not gone and not (folder / _GONE).exists():
            return
        columns = zip(*gone, strict=True) if gone else ([], [], [])
        arrays = [pa.array(column, kind) for column, kind in zip(columns, _SCHEMA.types, strict=True)]
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, _SCHEMA) as writer:
            writer.write_table(pa.table(arrays, schema=_SCHEMA))
        write_atomically(folder / _GONE, sink.getvalue().to_pybytes())


def text_hashes(texts: pa.ChunkedArray) -> "array[int]":
    """Return the hashes of a column of texts, also of damaged texts that are not UTF-8."""
    return array("Q", (text_hash(text.as_buffer().to_pybytes()) for text in texts))


def _pairs(documents: pa.Table) -> Iterator[tuple[str, int]]:
    return zip(_ids(documents), text_hashes(documents["text"]), strict=True)


def _gone_in(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Return the ids, hashes and times of documents that are gone; earlier versions kept no times."""
    gone = pa.ipc.open_file(content_of(folder / _GONE, _MOST_BYTES)).read_all()
    if _SCHEMA.names[2] not in gone.column_names:
        gone = gone.append_column(_SCHEMA.field(2), pa.array([UNKNOWN] * len(gone), pa.int64()))
    return zip(*(gone.cast(_SCHEMA)[name].to_pylist() for name in _SCHEMA.names), strict=True)


def _ids(documents: pa.Table) -> list[str]:
    return [doc_id.as_buffer().to_pybytes().decode(errors="replace") for doc_id in documents["doc_id"]]


def stable_ids(
    own: Sequence[str],
    numbered: Sequence[int],
    hashes: Sequence[int],
    earlier_ids: Sequence[str],
    earlier_hashes: Sequence[int],
) -> list[str]:
    """Return the ids of documents: a text that the corpus held before keeps its id.

    The n-th of several equal texts keeps the id of the n-th. Any other numbered document gets its own id, its row's
    number; if any document has or had that id, it gets the id with the suffix ``.2``, ``.3`` and so on.

    Parameters
    ----------
    own
        The ids that the source gives to its documents.
    numbered
        For every document whether its own id is a row number; other ids never change.
    hashes
        The hashes of the documents' texts.
    earlier_ids, earlier_hashes
        The ids and the hashes of the documents that the corpus held before, those that are gone last.
    """
    taken = {doc_id for doc_id, is_number in zip(own, numbered, strict=True) if not is_number}
    kept = _kept_ids(numbered, hashes, _ids_by_hash(earlier_ids, earlier_hashes, taken))
    taken.update(earlier_ids)
    ids = []
    for is_number, earlier_id, own_id in zip(numbered, kept, own, strict=True):
        doc_id = earlier_id or own_id
        if is_number and earlier_id is None:
            candidates = (f"{own_id}.{n}" if n > 1 else own_id for n in itertools.count(1))
            doc_id = next(candidate for candidate in candidates if candidate not in taken)
            taken.add(doc_id)
        ids.append(doc_id)
    return ids


def _ids_by_hash(ids: Sequence[str], hashes: Sequence[int], taken: set[str]) -> dict[int, list[str]]:
    """Return the ids that are not taken, the last first, by the hash of their text."""
    by_hash: dict[int, list[str]] = {}
    for each, doc_id in zip(reversed(hashes), reversed(ids), strict=True):
        if doc_id not in taken:
            by_hash.setdefault(each, []).append(doc_id)
    return by_hash


def _kept_ids(numbered: Sequence[int], hashes: Sequence[int], ids_by_hash: dict[int, list[str]]) -> list[str | None]:
    """Return for every document the earlier id of its text; None if it has none."""
    return [
        ids_by_hash[text_hash].pop() if is_number and ids_by_hash.get(text_hash) else None
        for is_number, text_hash in zip(numbered, hashes, strict=True)
    ]
