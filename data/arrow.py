"""Documents as an Arrow table: the schema, and a reader that does not trust the file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from exemplar.data.home import check_regular

DOCUMENT_SCHEMA = pa.schema(
    [
        ("doc_id", pa.large_string()),
        ("text", pa.large_string()),
        ("label", pa.large_string()),
        ("metadata", pa.map_(pa.string(), pa.large_string())),
    ]
)


def read_documents(path: Path) -> pa.Table:
    """Return the documents in a build's Arrow file, memory-mapped.

    Raises
    ------
    OSError, ValueError, pyarrow.ArrowException
        The file can't be read, or a text lies outside the file.
    """
    check_regular(path)
    with pa.memory_map(str(path)) as file:
        documents = pa.Table.from_batches(_mapped_batches(pa.ipc.open_file(file), path.stat().st_size), DOCUMENT_SCHEMA)
    for column in ("doc_id", "text"):
        for chunk in documents[column].chunks:
            chunk.view(pa.large_binary()).validate(full=True)  # offsets must not lead beyond the file
    return documents


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
