"""Ids that stay with their texts where nothing in a source identifies a document."""

import itertools
from collections import deque
from collections.abc import Sequence


def stable_ids(
    own: Sequence[str],
    numbered: Sequence[int],
    hashes: Sequence[int],
    earlier_ids: Sequence[str],
    earlier_hashes: Sequence[int],
) -> list[str]:
    """Return ids that stay with the texts of documents that nothing but their row's number identifies.

    A text that was there before keeps its id; the n-th of several equal ones that of the n-th. Any other document has
    its own, by its row, and where that belongs to a text that has moved, the own one with ``.2``, ``.3`` and so on.
    """
    taken = {doc_id for doc_id, by_row in zip(own, numbered, strict=True) if not by_row}
    before: dict[int, deque[str]] = {}
    for text, doc_id in zip(earlier_hashes, earlier_ids, strict=True):
        if doc_id not in taken:
            before.setdefault(text, deque()).append(doc_id)
    kept = [
        before[text].popleft() if by_row and before.get(text) else None
        for by_row, text in zip(numbered, hashes, strict=True)
    ]
    taken |= {doc_id for doc_id in kept if doc_id is not None}
    ids = []
    for by_row, earlier, name in zip(numbered, kept, own, strict=True):
        doc_id = earlier or name
        if by_row and earlier is None:
            free = (f"{name}.{n}" if n > 1 else name for n in itertools.count(1))
            doc_id = next(candidate for candidate in free if candidate not in taken)
            taken.add(doc_id)
        ids.append(doc_id)
    return ids
