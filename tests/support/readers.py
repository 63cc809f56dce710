"""Marks of several readers, and sessions that have them."""

from collections.abc import Sequence

from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.feedback import Mark
from exemplar.retrieval.sessions.events import Event, Marked
from exemplar.retrieval.sessions.marks import marked_texts
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import SessionStore, home_store


def marked(corpus: Corpus, doc_id: str, mark: Mark, reader: str, at: str = "") -> Marked:
    """Return a reader's mark on a document, with its text."""
    [text] = marked_texts(corpus, [corpus.row(doc_id)])
    return Marked(doc_id, mark, text.text_hash, text, reader=reader, at=at)


def saved_sessions(corpus: Corpus, **sessions: Sequence[Event]) -> SessionStore:
    """Save sessions on a corpus in order, the events of each by its id; return the store."""
    store = home_store()
    for session_id, events in sessions.items():
        for event in events:
            store.record(Session(session_id, corpus.manifest.name), event, corpus_id=corpus.manifest.corpus_id)
    return store
