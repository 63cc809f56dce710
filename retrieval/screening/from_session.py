"""The record of a screening from a session and its corpus, and random checks of it."""

import secrets
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.filters import Filters
from exemplar.data.corpus.store import DocumentStore
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.feedback import Mark
from exemplar.retrieval.screening.record import Draw, Read, Record
from exemplar.retrieval.sessions.events import CheckDrawn
from exemplar.retrieval.sessions.session import Session


def record_of(session: Session, corpus: DocumentStore) -> Record:
    """Return the record of a session's screening: the texts that pass its filters, and its marks on them.

    Marks on texts that the corpus does not have any more are left out. Of copies with different marks the last counts.
    """
    marks, n_records = session.marks, corpus.select(session.filters).n_texts
    texts, found = marks.texts, marks.found
    known: dict[str, str] = {}
    for more in (*(check.drawn.text_hashes for check in session.draws), *(check.read for check in session.draws)):
        known |= more
    known |= texts
    names = _names(known, corpus, session.filters)
    by_id: dict[str, Mark] = {doc_id: mark for mark, doc_ids in session.feedback.by_mark() for doc_id in doc_ids}
    reads: dict[str, Read] = {}
    for doc_id in marks.order:
        if doc_id in names and doc_id in texts:
            reads.pop(names[doc_id], None)
            reads[names[doc_id]] = Read(names[doc_id], by_id[doc_id], found[doc_id])
    draws = []
    for number, check in enumerate(session.draws, 1):
        read = {names[doc_id] for doc_id, text in check.read.items() if doc_id in names and known[doc_id] == text}
        is_same = check.filters == session.filters and check.drawn.documents in ("", corpus.manifest.documents_sha256)
        draws.append(_draw(number, check.drawn, frozenset(read), names, n_records if is_same else None))
    return Record(tuple(reads.values()), tuple(draws), n_records)


def draw_check(session: Session, corpus: DocumentStore, n_drawn: int) -> CheckDrawn:
    """Return the event of a random check of a session, which draws some of its unread texts.

    Raises
    ------
    ExemplarError
        Not so many are unread.
    """
    rows = corpus.select(session.filters).rows
    numbers, first = np.unique(corpus.text_numbers(rows), return_index=True)
    names = _names(session.marks.texts, corpus, session.filters)
    read = corpus.text_numbers(list(corpus.rows_of(names.values()).values()))
    unread = rows[first[~np.isin(numbers, read)]]
    if not 1 <= n_drawn <= len(unread):
        raise ExemplarError(f"a random check draws 1 to {len(unread):,} records, which are unread; got {n_drawn:,}")
    drawn = secrets.SystemRandom().sample(unread.tolist(), n_drawn)
    doc_ids = corpus.doc_ids(drawn)
    hashes = dict(zip(doc_ids, corpus.text_hashes(drawn), strict=True))
    return CheckDrawn(tuple(doc_ids), len(unread), hashes, corpus.manifest.documents_sha256)


def _draw(
    number: int, drawn: CheckDrawn, read: frozenset[str], names: Mapping[str, str], n_records: int | None
) -> Draw:
    """Return a random check; ``n_records`` is None if filters or corpus are not those it was drawn from."""
    doc_ids = tuple(names.get(doc_id, doc_id) for doc_id in drawn.doc_ids)
    covers = (
        drawn.n_unread + len(read) == n_records
        and all(doc_id in names for doc_id in drawn.doc_ids)
        and read.isdisjoint(doc_ids)
    )
    return Draw(number, doc_ids, drawn.n_unread, read, covers)


def _names(text_hashes: Mapping[str, str], corpus: DocumentStore, filters: Filters) -> dict[str, str]:
    """Return by the ids of documents the id of the first of them with the same text, if corpus and filters have it.

    ``text_hashes`` are of the texts that the documents had.
    """
    rows = corpus.rows_of(text_hashes)
    hashes = dict(zip(rows, corpus.text_hashes(list(rows.values())), strict=True))
    present = {doc_id: row for doc_id, row in rows.items() if hashes[doc_id] == text_hashes[doc_id]}
    numbers = corpus.text_numbers(list(present.values()))
    passing = np.ones(len(numbers), bool) if filters == Filters() else _passing(numbers, corpus, filters)
    first: dict[int, str] = {}
    return {
        doc_id: first.setdefault(number, doc_id)
        for doc_id, number, passes in zip(present, numbers.tolist(), passing, strict=True)
        if passes
    }


def _passing(numbers: NDArray[np.int64], corpus: DocumentStore, filters: Filters) -> NDArray[np.bool_]:
    return np.isin(numbers, corpus.text_numbers(corpus.select(filters).rows))
