"""Rows of Arrow files and streams (Feather too) and of ORC, one batch at a time."""

import os
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import Any

import pyarrow as pa

from exemplar.data.errors import ExemplarError
from exemplar.data.files import file as bounds
from exemplar.data.files.arrow_rows import (
    FEW_ROWS,
    MOST_ROWS_A_BYTE,
    arrow_errors,
    batches_table,
    check_values,
    features_in,
)
from exemplar.data.files.arrow_sizes import Block, blocks_in, unpacked_size
from exemplar.data.files.file import File
from exemplar.data.files.table import Table

_FILE, _OLD_FEATHER = b"ARROW1", b"FEA1"
_MOST_BATCH = 2**30  # unpacked bytes, which are in memory all at once
_ORC_BATCH = 256  # rows; ORC does not tell how large they are
_MOST_SAID = 500  # characters
_TURN = """
import sys
from pyarrow import feather, ipc, py_buffer

table = feather.read_table(py_buffer(sys.stdin.buffer.read()), use_threads=False)
table.validate(full=True)
with ipc.new_stream(sys.stdout.buffer, table.schema) as stream:
    stream.write_table(table)
"""


class _Measure:
    """What batches expand to so far.

    Parameters
    ----------
    size
        Bytes of the file; None for a stream, whose batches are added up.
    """

    def __init__(self, size: int | None = None) -> None:
        self._size, self._read = size, 0
        self._unpacked = self._rows = 0

    def add(self, n_packed: int, n_unpacked: int) -> None:
        """Count a batch before it is read.

        Raises
        ------
        ExemplarError
            It does not fit into the memory, or the file expands to more bytes than a real one of its size.
        """
        if n_unpacked > _MOST_BATCH:
            most = f"{_MOST_BATCH:,} bytes"
            raise ExemplarError(f"a batch of it takes {n_unpacked:,} bytes; write it in batches of at most {most}")
        self._read += n_packed
        self._unpacked += n_unpacked
        if self._unpacked > max(bounds.LEAST_UNPACKED, bounds.MOST_TIMES * self._packed):
            raise ExemplarError(f"it expands to {self._unpacked:,} bytes and more, beyond all measure")

    def add_rows(self, n_rows: int) -> None:
        """Count the rows of a batch; raises ExemplarError for more than a real file of its size has."""
        self._rows += n_rows
        if self._rows > max(FEW_ROWS, MOST_ROWS_A_BYTE * self._packed):
            raise ExemplarError(f"it expands to {self._rows:,} rows and more, beyond all measure")

    @property
    def _packed(self) -> int:
        return self._read if self._size is None else self._size


def arrow_table(file: File) -> Table:
    """Return a file or stream of Arrow, or a Feather file of either version, as a table, as ``batches_table`` does.

    A batch is unpacked as a whole; those of a file on disk that are not packed stay there.
    """
    with arrow_errors(), file.open() as opened:
        head = opened.read(len(_FILE))
    if head.startswith(_OLD_FEATHER):
        return _old_feather_table(file)
    return _table(file, is_file=head == _FILE)


def _table(file: File, *, is_file: bool) -> Table:
    with arrow_errors(), _source(file, is_file) as source:
        schema = (pa.ipc.open_file if is_file else pa.ipc.open_stream)(source).schema

    def batches(names: list[str]) -> Iterator[Any]:
        read = _file_batches if is_file else _stream_batches
        with arrow_errors():
            for batch in read(file, _options(schema, names)):
                check_values(batch)
                yield batch.select(names)

    return batches_table(schema, batches, file)


def arrow_features(file: File) -> dict[str, Any]:
    """Return the features that a Hugging Face data set wrote into an Arrow file, as JSON; empty without any."""
    is_file = _is_file(file)
    with arrow_errors(), _source(file, is_file) as source:
        return features_in((pa.ipc.open_file if is_file else pa.ipc.open_stream)(source).schema)


def _is_file(file: File) -> bool:
    """Return whether Arrow's file has a footer, as a stream has not."""
    with file.open() as opened:
        return opened.read(len(_FILE)) == _FILE


def orc_table(file: File) -> Table:
    """Return an ORC file as a table, as ``batches_table`` does."""
    from pyarrow import dataset, orc

    with arrow_errors(), _source(file, True) as source:
        opened = orc.ORCFile(source)
        schema, n_rows = opened.schema, opened.nrows
        _Measure(source.size()).add_rows(n_rows)

    def batches(names: list[str]) -> Iterator[Any]:
        with arrow_errors(), _source(file, True) as source:
            fragment = dataset.OrcFileFormat().make_fragment(source)
            for batch in fragment.to_batches(
                columns=names, batch_size=_ORC_BATCH, batch_readahead=0, fragment_readahead=0, use_threads=False
            ):
                check_values(batch)
                yield batch

    return batches_table(schema, batches, file)


def _old_feather_table(file: File) -> Table:
    """Return a Feather file of version 1, which is in memory while it is read.

    Arrow checks little of such a file, and a damaged one can end the process: another process turns it into a stream.
    """
    import subprocess

    turned = subprocess.run(  # noqa: S603 - a command of our own
        [sys.executable, "-I", "-W", "ignore", "-c", _TURN], input=file.content(), capture_output=True, check=False
    )
    if turned.returncode:
        said = turned.stderr.decode(errors="replace").strip().splitlines()
        reason = said[-1][:_MOST_SAID] if said else "it is damaged"
        raise ExemplarError(f"a Feather file of version 1 that can't be read: {reason}")
    return _table(replace(file, path=None, open=partial(BytesIO, turned.stdout)), is_file=False)


@contextmanager
def _source(file: File, needs_seek: bool) -> Iterator[Any]:
    """Yield the bytes of a file to Arrow: mapped into memory, or from storage, or in memory if it can't seek there."""
    with ExitStack() as stack:
        if file.path is not None:
            yield stack.enter_context(pa.memory_map(str(file.path)))
            return
        if file.seekable or not needs_seek:
            opened: Any = stack.enter_context(file.open())
        else:
            opened = BytesIO(file.content())
        yield stack.enter_context(pa.PythonFile(opened, "r"))


def _options(schema: Any, names: Collection[str]) -> Any:
    """Return the options by which Arrow reads the columns of these names alone."""
    return pa.ipc.IpcReadOptions(included_fields=[n for n, field in enumerate(schema) if field.name in names])


def _file_batches(file: File, options: Any) -> Iterator[Any]:
    with _source(file, True) as source:
        dictionaries, batches = blocks_in(source)
        measure = _Measure(source.size())
        in_memory = file.path is None
        for block in dictionaries:
            measure.add(0, _size(block, source, in_memory))
        reader = pa.ipc.open_file(source, options=options)
        for number, block in enumerate(batches):
            measure.add(0, _size(block, source, in_memory))
            batch = reader.get_batch(number)
            measure.add_rows(batch.num_rows)
            yield batch


def _size(block: Block, source: Any, in_memory: bool) -> int:
    metadata = source.read_at(block.n_metadata, block.offset)
    return unpacked_size(metadata, source, block.offset + block.n_metadata) or (block.n_body if in_memory else 0)


def _stream_batches(file: File, options: Any) -> Iterator[Any]:
    """Yield the batches of a stream, each after its messages were read once by themselves for their size."""
    with _source(file, False) as ahead, _source(file, False) as source:
        measure = _Measure(os.path.getsize(file.path) if file.path else None)
        messages = pa.ipc.MessageReader.open_stream(ahead)
        reader = pa.ipc.open_stream(source, options=options)
        while True:
            message = _next(messages.read_next_message)
            while message is not None and message.type != "record batch":
                _measure(measure, message, file)
                message = _next(messages.read_next_message)
            if message is not None:
                _measure(measure, message, file)
            batch = _next(reader.read_next_batch)
            if batch is None:
                return
            measure.add_rows(batch.num_rows)
            yield batch


def _measure(measure: _Measure, message: Any, file: File) -> None:
    n_body = message.body.size if message.body is not None else 0
    unpacked = unpacked_size(message.metadata, message.body, 0) if n_body else 0
    measure.add(n_body + message.metadata.size, unpacked or (n_body if file.path is None else 0))


def _next(read: Any) -> Any:
    try:
        return read()
    except StopIteration:
        return None
