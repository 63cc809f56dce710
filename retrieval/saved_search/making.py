"""Make a saved search of a session: what it asked and marked, and what its ranker learned."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.errors import ExemplarError
from exemplar.data.words.analysis import analysis_version
from exemplar.retrieval.exports.about import exemplar_version
from exemplar.retrieval.feedback import Mark
from exemplar.retrieval.rankers import LEARNING, Ranker, Scorer
from exemplar.retrieval.ranking import Query
from exemplar.retrieval.saved_search.among_marks import among_marks
from exemplar.retrieval.saved_search.applying import rows_with
from exemplar.retrieval.saved_search.saved import (
    SavedDocument,
    SavedMark,
    SavedSearch,
    SavedWeights,
    SavedWords,
    check_threshold,
    text_and_hash,
)
from exemplar.retrieval.saved_search.vectors import SavedVectors, bytes_of_vectors
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.identity import PresentMarks, present_marks, query_state
from exemplar.retrieval.sessions.marks import MarkedText, marked_texts
from exemplar.retrieval.sessions.session import Session

Texts = Callable[[], Mapping[str, MarkedText]]


def saved_search(
    session: Session,
    engine: SearchEngine,
    texts: Texts,
    title: str,
    *,
    threshold: float | None = None,
    with_figures: bool = True,
    with_vectors: bool = False,
) -> SavedSearch:
    """Train the ranker of a session, and return what it learned with the session's query, marks and settings.

    Parameters
    ----------
    texts
        Returns the texts that the session keeps, by hash; called if a marked text is not where it was.
    threshold
        See SavedSearch.
    with_figures
        Train five more times for the figures among the marks.
    with_vectors
        Add the vectors of the queries and of what is marked as relevant or not.

    Raises
    ------
    ExemplarError
        The session has no query, or its query is a document that the corpus does not have any more; or the threshold
        is no number; or the corpus has no vectors to add.
    """
    check_threshold(threshold)
    corpus = engine.corpus
    present = present_marks(session.marks, corpus, texts)
    session = session.after(*present.events)
    query = _query_of(session, corpus)
    earlier = tuple(each for each in session.earlier if query_state(each, corpus) is None)
    ranker, C = learned_ranker(session, engine), session.settings.C
    trained = engine.search(query, present.feedback, ranker=ranker, k=0, C=C, earlier=earlier)
    manifest = corpus.manifest
    if with_vectors and manifest.vectors == "none":
        raise ExemplarError(f"the corpus '{manifest.name}' has no vectors yet; save the search without vectors")
    saved = SavedSearch(
        title=title,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        exemplar=exemplar_version(),
        corpus=manifest.name,
        corpus_id=manifest.corpus_id,
        n_documents=corpus.n_documents,
        encoder=manifest.encoder,
        whole=manifest.whole,
        query=_saved_query(query, corpus),
        ranker=ranker,
        settings=session.settings,
        filters=session.filters,
        weights=_weights(trained.scorer),
        words=_words(trained.scorer, engine),
        earlier=tuple(_saved_query(each, corpus) for each in earlier),
        marks=tuple(_marks(session, present, corpus)),
        among_marks=among_marks(engine, query, present.feedback, ranker=ranker, C=C, earlier=earlier)
        if with_figures and ranker in LEARNING
        else None,
        threshold=threshold,
    )
    return replace(saved, vectors=_vectors(saved, engine)) if with_vectors else saved


def _vectors(saved: SavedSearch, engine: SearchEngine) -> SavedVectors:
    """Return the vectors that an engine over another corpus needs: as a build, or a query, has them."""
    marked = [mark.document for mark in saved.marks if mark.mark != "unsure"]
    rows = rows_with(engine.corpus, marked)
    passages = {
        document.text_hash: engine.index.vectors(engine.corpus.passages_of(rows[document.text_hash][0]))
        if document.text_hash in rows
        else engine.passage_vectors(document.marked_text.full_text)
        for document in marked
    }
    queries = dict(map(text_and_hash, (saved.query, *saved.earlier)))
    return SavedVectors(
        {text_hash: bytes_of_vectors(engine.query_vector(text)) for text, text_hash in queries.items()},
        {text_hash: bytes_of_vectors(vectors) for text_hash, vectors in passages.items()},
    )


def learned_ranker(session: Session, engine: SearchEngine) -> Ranker:
    """Return the last ranker of a session that learns from marks, else its last one, or words where it can't rank."""
    rankers = session.settings.rankers
    ranker = next((each for each in reversed(rankers) if each in LEARNING), rankers[-1])
    return ranker if ranker in engine.rankers else "words"


def _query_of(session: Session, corpus: DocumentStore) -> Query:
    if session.query is None:
        raise ExemplarError("this session has no query yet; search for something first")
    if state := query_state(session.query, corpus):
        became = "is not in this corpus any more" if state == "gone" else "has another text now"
        raise ExemplarError(f"the document that is the query of this session {became}; search for something first")
    return session.query


def _saved_query(query: Query, corpus: DocumentStore) -> str | SavedDocument:
    if isinstance(query, str):
        return query
    [text] = marked_texts(corpus, [corpus.row(query.doc_id)])
    return SavedDocument.of(query.doc_id, text)


def _weights(scorer: Scorer) -> SavedWeights:
    w = np.asarray(scorer.w, np.float64)
    return SavedWeights(tuple(w.tolist()) if w.any() else (), float(scorer.b), scorer.above)


def _words(scorer: Scorer, engine: SearchEngine) -> SavedWords | None:
    """Return the words' part of a scorer with the statistics of the engine's corpus."""
    if scorer.words is None or engine.words is None:
        return None
    known = engine.words.statistics(scorer.words.terms)
    coefficients = np.asarray(scorer.words.w, np.float64) * known.scales.astype(np.float32).astype(np.float64)
    pairs = zip(known.idf.tolist(), coefficients.tolist(), strict=True)
    return SavedWords(
        analysis_version(),
        known.language,
        known.n_documents,
        known.mean_n_words,
        dict(zip(known.terms, pairs, strict=True)),
    )


def _marks(session: Session, present: PresentMarks, corpus: DocumentStore) -> Sequence[SavedMark]:
    """Return the marks of a session, one a text; those whose texts nobody knows are left out."""
    rows = corpus.rows_of(doc_id for doc_id in session.marks.order if doc_id not in present.states)
    texts = dict(zip(rows, marked_texts(corpus, list(rows.values())), strict=True)) | dict(present.texts)
    marks: dict[str, Mark] = {doc_id: mark for mark, doc_ids in session.feedback.by_mark() for doc_id in doc_ids}
    opposed = {doc_id for group in present.opposed for doc_id in group}
    readers, made = session.marks.readers, session.marks.made
    found: dict[str, SavedMark] = {}
    for doc_id in session.marks.order:
        if doc_id not in texts:
            continue
        document = SavedDocument.of(doc_id, texts[doc_id])
        mark: Mark = "unsure" if doc_id in opposed else marks[doc_id]
        if document.text_hash in found and mark != "positive":  # as lost texts train
            continue
        notes, reasons = session.notes.get(doc_id, ""), session.reasons.get(doc_id, "")
        found[document.text_hash] = SavedMark(
            document, mark, notes, reasons, readers.get(doc_id, ""), made.get(doc_id, "")
        )
    return tuple(found.values())
