"""The ids that documents of a corpus have or had: an id is never given to another text.

``<corpus>/gone.arrow`` holds the ids of documents that are gone, with the hashes of their texts.
"""

import contextlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pyarrow as pa

from exemplar.data.documents import text_hash
from exemplar.data.home import content_of, write_atomically

_GONE = "gone.arrow"
_SCHEMA = pa.schema([("doc_id", pa.large_string()), ("text_hash", pa.uint64())])
_MOST_BYTES = 2**36  # of the file


@dataclass(frozen=True, slots=True)
class Known:
    """The ids of documents, and the hashes of their texts."""

    doc_ids: Sequence[str] = ()
    hashes: Sequence[int] = field(default_factory=lambda: array("Q"))

    @classmethod
    def of(cls, tables: Iterable[pa.Table], folder: Path) -> Self:
        """Return the ids of the documents in tables, the most important first, and those of a corpus that are gone."""
        pairs: dict[tuple[str, int], None] = {}
        for documents in tables:
            pairs.update(dict.fromkeys(zip(_ids(documents), text_hashes(documents["text"]), strict=True)))
        with contextlib.suppress(OSError, ValueError, pa.ArrowException):  # none yet, or damaged
            gone = pa.ipc.open_file(content_of(folder / _GONE, _MOST_BYTES)).read_all().cast(_SCHEMA)
            pairs.update(dict.fromkeys(zip(*(gone[name].to_pylist() for name in _SCHEMA.names), strict=True)))
        return cls([doc_id for doc_id, _ in pairs], array("Q", (each for _, each in pairs)))

    def write_gone(self, documents: pa.Table, folder: Path) -> None:
        """Write the ids that the documents of a table do not have, with their hashes, into the corpus's folder."""
        used = set(_ids(documents))
        gone = [pair for pair in zip(self.doc_ids, self.hashes, strict=True) if pair[0] not in used]
        if not gone and not (folder / _GONE).exists():
            return
        columns = zip(*gone, strict=True) if gone else ([], [])
        arrays = [pa.array(column, kind) for column, kind in zip(columns, _SCHEMA.types, strict=True)]
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, _SCHEMA) as writer:
            writer.write_table(pa.table(arrays, schema=_SCHEMA))
        write_atomically(folder / _GONE, sink.getvalue().to_pybytes())


def text_hashes(texts: pa.ChunkedArray) -> "array[int]":
    """Return the hashes of a column of texts, also of damaged texts that are not UTF-8."""
    return array("Q", (text_hash(text.as_buffer().to_pybytes()) for text in texts))


def _ids(documents: pa.Table) -> list[str]:
    return [doc_id.as_buffer().to_pybytes().decode(errors="replace") for doc_id in documents["doc_id"]]
