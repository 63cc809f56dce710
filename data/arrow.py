"""Documents as an Arrow table: the schema, and a reader that does not trust the file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from exemplar.data.documents import Document, split_title
from exemplar.data.home import check_regular

# "text" is the document's full text, which begins with a title of "title_length" characters if that is not null.
DOCUMENT_SCHEMA = pa.schema(
    [
        ("doc_id", pa.large_string()),
        ("text", pa.large_string()),
        ("title_length", pa.int32()),
        ("labels", pa.large_list(pa.large_string())),
        ("metadata", pa.map_(pa.string(), pa.large_string())),
        ("file", pa.large_string()),
        ("line", pa.int64()),
    ]
)
# Of corpora built before documents had a title, several labels, and a place in a file.
_EARLIER_SCHEMA = pa.schema(
    [
        ("doc_id", pa.large_string()),
        ("text", pa.large_string()),
        ("label", pa.large_string()),
        ("metadata", pa.map_(pa.string(), pa.large_string())),
    ]
)


def row_of(document: Document) -> dict[str, Any]:
    """Return a document as a row of ``DOCUMENT_SCHEMA``."""
    return {
        "doc_id": document.doc_id,
        "text": document.full_text,
        "title_length": len(document.title) if document.title else None,
        "labels": list(document.labels),
        "metadata": sorted(document.metadata.items()),
        "file": document.file,
        "line": document.line,
    }


def document_at(documents: pa.Table, row: int) -> Document:
    """Return the document in a row of a table with the columns of ``DOCUMENT_SCHEMA``."""
    doc_id, text, title_length, labels, metadata, file, line = (
        documents[name][row].as_py() for name in DOCUMENT_SCHEMA.names
    )
    title, text = split_title(text, title_length)
    return Document(doc_id, text, tuple(labels or ()), dict(metadata or ()), title, file=file, line=line)


def read_documents(path: Path) -> pa.Table:
    """Return the documents in a build's Arrow file, memory-mapped, with the columns of ``DOCUMENT_SCHEMA``.

    Raises
    ------
    OSError, ValueError, pyarrow.ArrowException
        The file can't be read, or a text lies outside the file.
    """
    check_regular(path)
    with pa.memory_map(str(path)) as file:
        opened = pa.ipc.open_file(file)
        is_earlier = opened.schema.equals(_EARLIER_SCHEMA)
        schema = _EARLIER_SCHEMA if is_earlier else DOCUMENT_SCHEMA
        documents = pa.Table.from_batches(_mapped_batches(opened, path.stat().st_size), schema)
    for column in ("doc_id", "text"):
        for chunk in documents[column].chunks:
            chunk.view(pa.large_binary()).validate(full=True)  # offsets must not lead beyond the file
    return _in_present_schema(documents) if is_earlier else documents


def _in_present_schema(documents: pa.Table) -> pa.Table:
    """Return documents of the earlier schema in the present one; their texts stay in the file."""
    labels = [_as_lists(chunk) for chunk in documents["label"].chunks]
    added = {
        "title_length": pa.nulls(len(documents), pa.int32()),
        "labels": pa.chunked_array(labels, DOCUMENT_SCHEMA.field("labels").type),
        "file": pa.nulls(len(documents), pa.large_string()),
        "line": pa.nulls(len(documents), pa.int64()),
    }
    columns = {name: documents[name] for name in documents.column_names} | added
    return pa.table([columns[name] for name in DOCUMENT_SCHEMA.names], schema=DOCUMENT_SCHEMA)


def _as_lists(labels: Any) -> Any:
    """Return an array of labels as an array of lists, each with one label or none."""
    labels.validate(full=True)
    ends = np.cumsum(labels.is_valid().to_numpy(zero_copy_only=False), dtype=np.int64)
    return pa.LargeListArray.from_arrays(pa.array(np.concatenate([[0], ends])), labels.drop_null())


def keys_and_items(chunk: Any) -> list[Any]:
    """Return the keys and items of a map array, which may be a slice of a larger one."""
    offsets = chunk.offsets
    first, last = offsets[0].as_py(), offsets[-1].as_py()
    return [chunk.keys.slice(first, last - first), chunk.items.slice(first, last - first)]


def _mapped_batches(file: Any, size: int) -> Iterator[Any]:
    """Yield the batches of an Arrow file of ``size`` bytes; raises ValueError if a batch is compressed."""
    n_bytes = 0
    for number in range(file.num_record_batches):
        batch = file.get_batch(number)
        n_bytes += batch.get_total_buffer_size()  # does not read the buffers, which may lie outside the file
        if n_bytes > size:
            raise ValueError("compressed, which Exemplar never writes: it would take any amount of memory")
        yield batch
