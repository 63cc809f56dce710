"""Marks from a corpus itself: decisions and labels that its source has in a column."""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from exemplar.data.corpus.facets import UNLABELLED
from exemplar.data.corpus.store import DocumentStore
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.feedback import MARK_NAMES, Feedback, Mark
from exemplar.retrieval.importing.added_marks import Import
from exemplar.retrieval.importing.mark_column import MOST_VALUES, MarkColumn
from exemplar.retrieval.importing.mark_words import is_decisive, place_of
from exemplar.retrieval.sessions.events import MarksAdded
from exemplar.retrieval.sessions.marks import MarkedText, marked_texts

MOST_MARKS = 100_000  # documents; the log keeps the text of each

_SAMPLED = 100  # documents whose columns are looked at
_FEW = 5  # documents with decisions of which all differ
_TOGETHER = 1_000  # documents that are fetched in one step
_FIRST: tuple[Mark, ...] = ("positive", "negative", "unsure")  # of a document whose labels mean several, the first


def mark_columns(corpus: DocumentStore) -> tuple[list[MarkColumn], list[str]]:
    """Return the columns whose values can become marks, the labels first, and the names of those with too many."""
    labels = {label: n for label, n in corpus.facets.labels.items() if label != UNLABELLED}
    name = corpus.manifest.source.columns.chosen().label or "label"
    columns = [MarkColumn(None, name, labels)]
    columns += [MarkColumn(name, name, values) for name, values in {**corpus.facets.fields, **_others(corpus)}.items()]
    offered = [column for column in columns if 0 < len(column.values) <= MOST_VALUES]
    return offered, [column.name for column in columns if len(column.values) > MOST_VALUES]


def _others(corpus: DocumentStore) -> dict[str, dict[str, int]]:
    """Return the values of columns that can't be filtered by, since each document has another, but hold decisions."""
    first = corpus.documents_at(range(min(_SAMPLED, corpus.n_documents)))
    names = dict.fromkeys(name for document in first for name in document.metadata)
    found = {}
    for name in names:
        if is_decisive(name) and name not in corpus.facets.fields:
            values = Counter(itertools.islice((value for _, [value] in corpus.values_in(name)), _FEW + 1))
            if values.total() <= _FEW:
                found[name] = dict(values)
    return found


def decision_column(columns: Sequence[MarkColumn]) -> int | None:
    """Return the place of the column that most likely holds decisions; None if none holds any."""
    names = {place: column.name for place, column in enumerate(columns) if column.decides}
    return min(names, key=lambda place: place_of(names[place]), default=None)


def corpus_marks(
    corpus: DocumentStore, column: MarkColumn, marks: Mapping[str, Mark], others: Mark | None = None
) -> Import:
    """Return what the values in a column add to a session.

    A document with several labels is relevant if one of them is, else not relevant if one of them is. Copies of a text
    are one mark, on the first of them; where their values mean different marks they are left out. A document without a
    value gets no mark.

    Parameters
    ----------
    marks
        The mark that a value means.
    others
        The mark that all other values mean; None if they mean none.

    Raises
    ------
    ExemplarError
        More than 100,000 documents would be marked.
    """
    marked: dict[int, Mark] = {}
    for row, values in corpus.values_in(column.column):
        found = {marks.get(value, others) for value in values}
        mark = next((each for each in _FIRST if each in found), None)
        if mark:
            marked[row] = mark
        if len(marked) > MOST_MARKS:
            raise ExemplarError(f"more than {MOST_MARKS:,} documents have these values; choose fewer values")
    first, left_out = _on_texts(corpus, marked)
    by_mark: dict[Mark, list[str]] = {mark: [] for mark in _FIRST}
    hashes: dict[str, str] = {}
    texts: list[MarkedText] = []
    for doc_id, text, text_hash, mark in _texts(corpus, first):
        by_mark[mark].append(doc_id)
        hashes[doc_id] = text_hash
        texts.append(text)
    feedback = Feedback(*(tuple(by_mark[mark]) for mark in _FIRST))
    return Import(MarksAdded(feedback, hashes, tuple(texts), found_all={"column": column.name}), left_out=left_out)


def _on_texts(corpus: DocumentStore, marked: Mapping[int, Mark]) -> tuple[dict[int, Mark], tuple[str, ...]]:
    """Return the mark of every text by its first row, and a sentence for every text that is marked in two ways."""
    first: dict[int, int] = {}  # rows by the number of their text
    opposed: dict[int, int] = {}  # by the first row, another one with another mark
    rows = list(marked)
    for row, number in zip(rows, corpus.text_numbers(rows).tolist(), strict=True):
        same = first.setdefault(number, row)
        if marked[same] != marked[row]:
            opposed.setdefault(same, row)
    left_out = []
    for pair in opposed.items():
        ways = [
            f"{name} as {MARK_NAMES[marked[row]]}" for row, name in zip(pair, corpus.doc_ids(list(pair)), strict=True)
        ]
        left_out.append(f"the same text is marked in two ways, {ways[0]} and {ways[1]}; mark it yourself")
    return {row: marked[row] for row in first.values() if row not in opposed}, tuple(left_out)


def _texts(corpus: DocumentStore, marked: Mapping[int, Mark]) -> Iterator[tuple[str, MarkedText, str, Mark]]:
    """Yield id, text, its hash and mark of documents, by row; a few documents are in memory besides their texts."""
    rows = list(marked)
    for start in range(0, len(rows), _TOGETHER):
        part = rows[start : start + _TOGETHER]
        for row, doc_id, text in zip(part, corpus.doc_ids(part), marked_texts(corpus, part), strict=True):
            yield doc_id, text, text.text_hash, marked[row]
