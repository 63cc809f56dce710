"""The journal of a build: lines of JSON, each with its own checksum, that say which shards are committed."""

import hashlib
import json
from dataclasses import astuple, dataclass
from typing import Any

_MOST = 10**15  # documents, passages or dimensions


@dataclass(frozen=True, slots=True)
class Shard:
    """A committed stretch: rows of documents and of passages, and the SHA-256 of its part of each array."""

    number: int
    first_document: int
    n_documents: int
    first_passage: int
    n_passages: int
    passages_sha256: str
    vectors_sha256: str


def line_of(content: dict[str, Any]) -> bytes:
    """Return a line of the journal."""
    text = json.dumps(content).encode()
    return hashlib.sha256(text).hexdigest()[:16].encode() + b" " + text + b"\n"


def good_lines(journal: bytes) -> tuple[list[Any], int]:
    """Return the lines that are as they were written, and where the last of them ends."""
    good, end, position = [], 0, 0
    for line in journal.splitlines(keepends=True):
        position += len(line)
        check, _, text = line.rstrip(b"\n").partition(b" ")
        if line.endswith(b"\n") and check == hashlib.sha256(text).hexdigest()[:16].encode():
            good.append(_parsed(text))
            end = position
    return good, end


def shards_in(lines: list[Any]) -> list[Shard]:
    """Return the shards among the lines of a journal."""
    found = []
    for line in lines:
        try:
            shard = Shard(**line)
            *numbers, of_passages, of_vectors = astuple(shard)
            if all(map(is_count, numbers)) and isinstance(of_passages, str) and isinstance(of_vectors, str):
                found.append(shard)
        except TypeError:  # no line of a shard
            continue
    return found


def without_gaps(shards: list[Shard], n_documents: int) -> tuple[list[Shard], bool]:
    """Return the shards in order as far as they can be placed, and whether there are more.

    One whose line is lost lies between its neighbours, with checksums unknown.
    """
    by_number = {shard.number: shard for shard in shards}  # a repair's line comes after the first
    found: list[Shard] = []
    document, passage = 0, 0
    for number in range(max(by_number, default=-1) + 1):
        shard = by_number.get(number)
        if shard is None and (following := by_number.get(number + 1)):
            n, n_passages = following.first_document - document, following.first_passage - passage
            shard = Shard(number, document, n, passage, n_passages, "", "")
        if shard is None or (shard.first_document, shard.first_passage) != (document, passage):
            return found, True
        if shard.n_documents < 1 or shard.n_passages < 0 or document + shard.n_documents > n_documents:
            return found, True
        found.append(shard)
        document, passage = document + shard.n_documents, passage + shard.n_passages
    return found, False


def is_count(value: Any) -> bool:
    """Tell whether JSON's value can be a number of documents, passages or dimensions."""
    return type(value) is int and 0 <= value <= _MOST


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # a line with the right checksum that we did not write
        return None
