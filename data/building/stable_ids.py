"""Stable ids for documents that their source identifies by a row number alone."""

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


def _ids_by_hash(ids: Sequence[str], hashes: Sequence[int], taken: set[str]) -> dict[int, deque[str]]:
    """Return the ids that are not taken, in order, by the hash of their text."""
    by_hash: dict[int, deque[str]] = {}
    for text_hash, doc_id in zip(hashes, ids, strict=True):
        if doc_id not in taken:
            by_hash.setdefault(text_hash, deque()).append(doc_id)
    return by_hash


def _kept_ids(numbered: Sequence[int], hashes: Sequence[int], ids_by_hash: dict[int, deque[str]]) -> list[str | None]:
    """Return for every document the earlier id of its text; None if it has none."""
    return [
        ids_by_hash[text_hash].popleft() if is_number and ids_by_hash.get(text_hash) else None
        for is_number, text_hash in zip(numbered, hashes, strict=True)
    ]
