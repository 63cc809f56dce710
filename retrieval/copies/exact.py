"""Exact copies: documents with the same title and text, which share one mark."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain

from exemplar.data.corpus.store import DocumentStore, row_in
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.feedback import Feedback, Mark
from exemplar.retrieval.ranking import DocumentQuery


@dataclass(frozen=True, slots=True)
class TextMarks:
    """The marks on documents of a corpus as marks on texts.

    Attributes
    ----------
    feedback
        The document that was named first of every text with one mark, and marks on texts and on other documents.
    opposed
        The marked documents of every text whose copies have different marks; ``feedback`` has none of them.
    """

    feedback: Feedback
    opposed: tuple[tuple[str, ...], ...] = ()


def text_marks(feedback: Feedback, corpus: DocumentStore) -> TextMarks:
    """Return marks on documents as marks on texts; documents that the corpus does not have keep their marks."""
    rows = corpus.rows_of(feedback.marked)
    numbers = corpus.text_numbers(list(rows.values())).tolist()
    groups: dict[int, list[str]] = {}
    for doc_id, number in zip(rows, numbers, strict=True):
        groups.setdefault(number, []).append(doc_id)
    if len(groups) == len(rows):
        return TextMarks(feedback)
    marks: dict[str, Mark] = {doc_id: mark for mark, doc_ids in feedback.by_mark() for doc_id in doc_ids}
    opposed = tuple(tuple(group) for group in groups.values() if len({marks[doc_id] for doc_id in group}) > 1)
    left_out = {*chain(*opposed), *chain.from_iterable(group[1:] for group in groups.values())}
    return TextMarks(feedback.within(set(marks) - left_out), opposed)


def checked_marks(feedback: Feedback, corpus: DocumentStore) -> Feedback:
    """Return marks on documents of a corpus as marks on texts.

    Raises
    ------
    ExemplarError
        The corpus does not have a document, or copies of one text have different marks.
    """
    rows = corpus.rows_of(feedback.marked)
    for doc_id in feedback.marked:
        row_in(rows, doc_id, corpus.manifest.name)
    marks = text_marks(feedback, corpus)
    if marks.opposed:
        copies = " and ".join(f"'{doc_id}'" for doc_id in marks.opposed[0])
        raise ExemplarError(f"the documents {copies} are copies of one text with different marks; keep one mark")
    return marks.feedback


def with_examples(feedback: Feedback, queries: Iterable[DocumentQuery], corpus: DocumentStore) -> Feedback:
    """Return marks and, as further positives, documents that were queries.

    A document whose text is marked already, with whatever mark, adds nothing, nor does one that the corpus does not
    have with the text that it had when it was the query.
    """
    hashes = {query.doc_id: query.text_hash for query in queries}
    rows = corpus.rows_of(hashes)
    texts = dict(zip(rows, corpus.text_hashes(list(rows.values())), strict=True))
    same = {doc_id: row for doc_id, row in rows.items() if hashes[doc_id] in (None, texts[doc_id])}
    marked = corpus.text_numbers(list(corpus.rows_of(feedback.marked).values())).tolist()
    numbers = corpus.text_numbers(list(same.values())).tolist()
    first: dict[int, str] = {}
    for doc_id, number in zip(same, numbers, strict=True):
        first.setdefault(number, doc_id)
    added = tuple(doc_id for number, doc_id in first.items() if number not in marked)
    return replace(feedback, positives=feedback.positives + added)


def copies_of(doc_ids: Iterable[str], corpus: DocumentStore) -> dict[str, tuple[str, ...]]:
    """Return for each document that has copies all documents with its text, itself included, by ``doc_id``."""
    rows = corpus.rows_of(doc_ids)
    groups = dict(zip(rows, corpus.copies_of(list(rows.values())), strict=True))
    copied = {doc_id: group for doc_id, group in groups.items() if len(group) > 1}
    members = list(dict.fromkeys(chain.from_iterable(copied.values())))
    names = dict(zip(members, corpus.doc_ids(members), strict=True)) if members else {}
    return {doc_id: tuple(names[row] for row in group) for doc_id, group in copied.items()}
