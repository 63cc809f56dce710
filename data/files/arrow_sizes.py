"""How large the batches of an Arrow file become, from the metadata that stand before each: before they are unpacked.

The metadata are FlatBuffers, see https://arrow.apache.org/docs/format/Columnar.html and Message.fbs, File.fbs there.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from exemplar.data.errors import ExemplarError

_TAIL = 10  # bytes after the footer: its length and the mark of the format
_DICTIONARY, _BATCH = 2, 3  # kinds of messages


@dataclass(frozen=True, slots=True)
class Block:
    """The place of a batch in a file."""

    offset: int
    n_metadata: int
    n_body: int


def blocks_in(source: Any) -> tuple[list[Block], list[Block]]:
    """Return the places of the dictionaries and of the batches of an open Arrow file."""
    with _checked():
        (size,) = struct.unpack("<i", source.read_at(4, source.size() - _TAIL))
        if size < 0:
            raise IndexError(size)
        footer = bytes(source.read_at(size, source.size() - _TAIL - size))
        root = _target(footer, 0)
        return list(_blocks(footer, _field(footer, root, 2))), list(_blocks(footer, _field(footer, root, 3)))


def unpacked_size(metadata: Any, body: Any, begin: int) -> int:
    """Return the unpacked bytes of a message; 0 if it is not packed, and then as large as its body.

    Parameters
    ----------
    metadata
        A FlatBuffer, which may follow its length.
    body
        A buffer, or an open file, with the body from ``begin`` on.
    """
    with _checked():
        content = bytes(metadata)
        if content.startswith(b"\xff\xff\xff\xff"):
            content = content[8:]
        elif len(content) >= 4 and _number(content, 0) == len(content) - 4:
            content = content[4:]  # as before version 0.15
        message = _target(content, 0)
        kind, header = _field(content, message, 1), _field(content, message, 2)
        if kind is None or header is None or content[kind] not in (_DICTIONARY, _BATCH):
            return 0
        batch = _target(content, header)
        if content[kind] == _DICTIONARY:
            data = _field(content, batch, 1)
            if data is None:
                return 0
            batch = _target(content, data)
        if _field(content, batch, 3) is None:  # not packed
            return 0
        return sum(_unpacked(body, begin + offset, n) for offset, n in _buffers(content, _field(content, batch, 2)))


@contextmanager
def _checked() -> Iterator[None]:
    try:
        yield
    except (struct.error, IndexError) as error:
        raise ExemplarError("the metadata of its batches are damaged") from error


def _unpacked(body: Any, offset: int, n_packed: int) -> int:
    """Return the unpacked bytes of a buffer, which begins with them; -1 there says that it is not packed."""
    if n_packed < 8:
        return 0
    if offset < 0:
        raise IndexError(offset)
    piece = body.read_at(8, offset) if hasattr(body, "read_at") else bytes(body[offset : offset + 8])
    (size,) = struct.unpack("<q", piece)
    return max(n_packed, int(size))


def _blocks(content: bytes, position: int | None) -> Iterator[Block]:
    for place in _items(content, position, 24):
        block = Block(*struct.unpack_from("<qi4xq", content, place))
        if min(block.offset, block.n_metadata, block.n_body) < 0:
            raise IndexError(block)
        yield block


def _buffers(content: bytes, position: int | None) -> Iterator[tuple[int, int]]:
    for place in _items(content, position, 16):
        yield struct.unpack_from("<qq", content, place)


def _items(content: bytes, position: int | None, size: int) -> Iterator[int]:
    """Yield the positions of the items of a vector."""
    if position is None:
        return
    vector = _target(content, position)
    (number,) = struct.unpack_from("<I", content, vector)
    if vector + 4 + number * size > len(content):
        raise IndexError(number)
    yield from range(vector + 4, vector + 4 + number * size, size)


def _field(content: bytes, table: int, number: int) -> int | None:
    """Return the position of a field of a table; None without it."""
    entries = table - _number(content, table)
    entry = 4 + 2 * number
    if entry >= struct.unpack_from("<H", content, entries)[0]:
        return None
    offset = struct.unpack_from("<H", content, entries + entry)[0]
    return table + offset if offset else None


def _target(content: bytes, position: int) -> int:
    """Return the position that an offset leads to."""
    return position + _number(content, position)


def _number(content: bytes, position: int) -> int:
    return int(struct.unpack_from("<i", content, position)[0])
