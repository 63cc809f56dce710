"""What the marks of a session mean for its corpus as it is now: a mark belongs to a text, not to an id."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Literal

import numpy as np

from exemplar.data.corpus.manifest import Manifest
from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.copies.exact import copies_of, text_marks
from exemplar.retrieval.feedback import Feedback, Mark
from exemplar.retrieval.ranking import DocumentQuery, Query
from exemplar.retrieval.sessions.events import Event, MarksFollowed, TextsKnown
from exemplar.retrieval.sessions.marks import MarkedText, Marks, marked_texts

State = Literal["gone", "changed", "unknown"]
STATES: dict[State, str] = {
    "gone": "not in this corpus",
    "changed": "its text has changed since",
    "unknown": "text unknown",
}
ELSEWHERE = "made on another corpus of this name"  # a mark, whatever its state


@dataclass(frozen=True, slots=True)
class PresentMarks:
    """The marks of a session on its corpus as it is now.

    Attributes
    ----------
    feedback
        What trains: a document for each of the marked texts, and the marked texts that no document has. A text whose
        copies have different marks is unsure.
    states
        Of every marked document that has not, or may not have, the text that was marked.
    texts
        The marked text of each of these, as far as it is known.
    elsewhere
        The marked documents whose marks were made on another corpus of this name, with these states or without.
    events
        What to add to the session: marks that follow their texts, and texts that became known.
    copies
        Of every document in ``feedback`` that has copies, all documents with its text, itself included.
    opposed
        The marked documents of every text whose copies have different marks.
    """

    feedback: Feedback
    states: Mapping[str, State] = field(default_factory=dict)
    texts: Mapping[str, MarkedText] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()
    events: tuple[Event, ...] = ()
    copies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    opposed: tuple[tuple[str, ...], ...] = ()

    def by_document(self) -> dict[str, Mark]:
        """Return the mark of every document that has a marked text, copies included, but not of opposed marks."""
        opposed = set(chain(*self.opposed))
        return {
            copy: mark
            for mark, doc_ids in self.feedback.by_mark()
            for doc_id in doc_ids
            if doc_id not in opposed
            for copy in self.copies.get(doc_id, (doc_id,))
        }

    def opposed_documents(self) -> set[str]:
        """Return every document that has a text with opposed marks, copies without a mark included."""
        return {copy for first, *_ in self.opposed for copy in self.copies[first]}


def present_marks(marks: Marks, corpus: DocumentStore, texts: Callable[[], Mapping[str, MarkedText]]) -> PresentMarks:
    """Return what marks mean for a corpus.

    Parameters
    ----------
    texts
        Returns the texts that the session keeps, by hash; called if a marked text is not where it was.
    """
    feedback = marks.feedback
    rows = corpus.rows_of(feedback.marked)
    hashes = dict(zip(rows, corpus.text_hashes(list(rows.values())), strict=True))
    hashed = marks.texts
    known = hashed | _not_built_since(marks, corpus, hashes)
    states: dict[str, State] = {}
    for doc_id in feedback.marked:
        if doc_id not in known:
            states[doc_id] = "unknown"
        elif known[doc_id] != hashes.get(doc_id):
            states[doc_id] = "changed" if doc_id in rows else "gone"
    elsewhere = _elsewhere(marks, corpus.manifest)
    if not states and known.keys() == hashed.keys():
        return _on_texts(PresentMarks(feedback, elsewhere=elsewhere), corpus)
    kept = texts() if states else {}
    lost = {doc_id: kept[known[doc_id]] for doc_id in states if known.get(doc_id) in kept}
    moves = _moves(lost, corpus)
    taken = {doc_id for doc_id in elsewhere if states.get(doc_id) == "changed"}  # by documents of this corpus
    aside = {  # marks that have lost their texts, and whose ids get others
        doc_id: id_aside(doc_id, known.get(doc_id, "text unknown"))
        for doc_id in taken.union(moves.values())
        if doc_id in states and doc_id not in moves
    }
    states = {aside.get(doc_id, doc_id): state for doc_id, state in states.items() if doc_id not in moves}
    states |= dict.fromkeys(aside.values(), "gone")
    lost = {aside.get(doc_id, doc_id): text for doc_id, text in lost.items() if doc_id not in moves}
    moved = marks.copy()
    moved.follow(moves | aside)
    training, elsewhere = _training(moved.feedback, states, lost), _elsewhere(moved, corpus.manifest)
    events = tuple(_events(known, marks, moves | aside, corpus))
    return _on_texts(PresentMarks(training, states, lost, elsewhere, events), corpus)


def query_state(query: Query | None, corpus: DocumentStore) -> Literal["gone", "changed"] | None:
    """Return what became of the document that is the query; None if it is as it was, or the query is typed."""
    if not isinstance(query, DocumentQuery):
        return None
    row = corpus.rows_of([query.doc_id]).get(query.doc_id)
    if row is None:
        return "gone"
    return "changed" if query.text_hash not in (None, *corpus.text_hashes([row])) else None


def is_another_corpus(corpus_id: str, manifest: Manifest) -> bool:
    """Return whether a corpus is another one than that of an identity; False if one of them has no identity."""
    return bool(corpus_id and manifest.corpus_id) and corpus_id != manifest.corpus_id


def notice_of(corpus_id: str, manifest: Manifest) -> str | None:
    """Return a sentence for a session that began on a corpus of an identity, None if the corpus is still that one."""
    if not is_another_corpus(corpus_id, manifest):
        return None
    return (
        f"This session began on another corpus named {manifest.name}, which was removed or replaced since. Marks "
        "follow their texts; those whose texts this corpus does not have go on training by their own texts."
    )


def id_aside(doc_id: str, text_hash: str) -> str:
    """Return an id for a mark whose text is gone, where a document with another text has the id that it was made on."""
    return f"{doc_id} ({text_hash[:8]})"


def _elsewhere(marks: Marks, manifest: Manifest) -> frozenset[str]:
    """Return the marked documents whose marks were made on another corpus of this name."""
    made_on = marks.corpus_ids
    return frozenset(doc_id for doc_id in marks.feedback.marked if is_another_corpus(made_on.get(doc_id, ""), manifest))


def _not_built_since(marks: Marks, corpus: DocumentStore, hashes: Mapping[str, str]) -> dict[str, str]:
    """Return the hashes of texts on which marks of an earlier version were made, if the corpus is still the same."""
    built, texts = _time(corpus.manifest.created), marks.texts
    return {
        doc_id: hashes[doc_id]
        for doc_id, made in marks.made.items()
        if doc_id not in texts and doc_id in hashes and built and (at := _time(made)) and built <= at
    }


def _time(written: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(written)
    except ValueError:
        return None
    return time if time.tzinfo else None


def _moves(lost: Mapping[str, MarkedText], corpus: DocumentStore) -> dict[str, str]:
    """Return by the id of a lost document another document that has its text."""
    if not lost:
        return {}
    rows = corpus.rows_with([text.full_text for text in lost.values()])
    if shortened := {text.whole_hash for text in lost.values() if text.whole_hash}:
        rows = np.union1d(rows, corpus.rows_with_hashes(shortened))
    rows = rows[::-1]  # of several documents the first is found
    found = dict(zip(corpus.text_hashes(rows.tolist()), corpus.doc_ids(rows), strict=True))
    hashes = {doc_id: text.text_hash for doc_id, text in lost.items()}
    return {doc_id: found[text_hash] for doc_id, text_hash in hashes.items() if text_hash in found}


def _training(feedback: Feedback, states: Mapping[str, State], lost: Mapping[str, MarkedText]) -> Feedback:
    """Return the feedback with the texts of lost documents in place of the documents; unknown texts do not train."""
    kept: dict[Mark, list[str]] = {}
    texts: dict[Mark, dict[str, None]] = {}
    for mark, doc_ids in feedback.by_mark():
        kept[mark] = [doc_id for doc_id in doc_ids if doc_id not in states]
        texts[mark] = {lost[doc_id].full_text: None for doc_id in doc_ids if doc_id in states and doc_id in lost}
    negative_texts = tuple(text for text in texts["negative"] if text not in texts["positive"])
    return Feedback(
        tuple(kept["positive"]),
        tuple(kept["negative"]),
        tuple(kept["unsure"]),
        tuple(texts["positive"]),
        negative_texts,
    )


def _on_texts(present: PresentMarks, corpus: DocumentStore) -> PresentMarks:
    """Return marks on documents as marks on their texts, one a text."""
    found = text_marks(present.feedback, corpus)
    unsure = (*found.feedback.unsure, *(first for first, *_ in found.opposed))
    feedback = replace(found.feedback, unsure=unsure)
    return replace(present, feedback=feedback, copies=copies_of(feedback.marked, corpus), opposed=found.opposed)


def _events(known: Mapping[str, str], marks: Marks, moves: Mapping[str, str], corpus: DocumentStore) -> Iterable[Event]:
    hashed = marks.texts
    new = {doc_id: text_hash for doc_id, text_hash in known.items() if doc_id not in hashed}
    if new:
        yield TextsKnown(new, tuple(marked_texts(corpus, list(corpus.rows_of(new).values()))))
    if moves:
        yield MarksFollowed(moves)
