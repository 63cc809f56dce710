"""The journal of a build: one line of JSON with a checksum for every committed shard."""

import hashlib
import json
from dataclasses import astuple, dataclass
from typing import Any

_MOST = 10**15  # documents, passages or dimensions


@dataclass(frozen=True, slots=True)
class Shard:
    """The committed passages and vectors of consecutive documents.

    Attributes
    ----------
    number
        Its position among the shards of the build, from 0.
    first_document, first_passage
        Rows.
    passages_sha256, vectors_sha256
        Checksums of its part of the two arrays; empty if they are not known.
    """

    number: int
    first_document: int
    n_documents: int
    first_passage: int
    n_passages: int
    passages_sha256: str
    vectors_sha256: str


def line_of(content: dict[str, Any]) -> bytes:
    """Return content as a line of the journal, with its checksum."""
    text = json.dumps(content).encode()
    return hashlib.sha256(text).hexdigest()[:16].encode() + b" " + text + b"\n"


def good_lines(journal: bytes) -> tuple[list[Any], int]:
    """Return the content of the undamaged lines, and the position where the last of them ends."""
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
    shards = []
    for line in lines:
        try:
            shard = Shard(**line)
            *numbers, of_passages, of_vectors = astuple(shard)
            if all(map(is_count, numbers)) and isinstance(of_passages, str) and isinstance(of_vectors, str):
                shards.append(shard)
        except TypeError:  # the line does not describe a shard
            continue
    return shards


def without_gaps(shards: list[Shard], n_documents: int) -> tuple[list[Shard], bool]:
    """Return the shards in order up to the first gap, and whether others follow the gap.

    A single shard whose line is lost is derived from its neighbours; its checksums stay empty.
    """
    by_number = {shard.number: shard for shard in shards}  # the line of a repaired shard replaces an earlier one
    placed: list[Shard] = []
    document, passage = 0, 0
    for number in range(max(by_number, default=-1) + 1):
        shard = by_number.get(number)
        if shard is None and (following := by_number.get(number + 1)):
            n, n_passages = following.first_document - document, following.first_passage - passage
            shard = Shard(number, document, n, passage, n_passages, "", "")
        if shard is None or (shard.first_document, shard.first_passage) != (document, passage):
            return placed, True
        if shard.n_documents < 1 or shard.n_passages < 0 or document + shard.n_documents > n_documents:
            return placed, True
        placed.append(shard)
        document, passage = document + shard.n_documents, passage + shard.n_passages
    return placed, False


def is_count(value: Any) -> bool:
    """Return whether a value from JSON can be a number of documents, passages or dimensions."""
    return type(value) is int and 0 <= value <= _MOST


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # the checksum is right, but Exemplar did not write the line
        return None
