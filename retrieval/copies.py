"""Exact copies: documents with the same title and text, which share one mark."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.feedback import Feedback, Mark


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


def copies_of(doc_ids: Iterable[str], corpus: DocumentStore) -> dict[str, tuple[str, ...]]:
    """Return for each document that has copies all documents with its text, itself included, by ``doc_id``."""
    rows = corpus.rows_of(doc_ids)
    groups = dict(zip(rows, corpus.copies_of(list(rows.values())), strict=True))
    copied = {doc_id: group for doc_id, group in groups.items() if len(group) > 1}
    members = list(dict.fromkeys(chain.from_iterable(copied.values())))
    names = dict(zip(members, corpus.doc_ids(members), strict=True)) if members else {}
    return {doc_id: tuple(names[row] for row in group) for doc_id, group in copied.items()}
