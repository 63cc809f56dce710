"""The rank and the score of every document of a corpus in a list, as arrays."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.store import DocumentStore
from exemplar.data.encoders.base import VectorKind
from exemplar.data.milvus.server import MOST_ROWS
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.rankers import Ranker
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.identity import query_state
from exemplar.retrieval.sessions.session import Session


@dataclass(frozen=True, slots=True, eq=False)
class Ranks:
    """A list with its marked documents, also where the session hides them: a rank for each text, which copies share.

    Attributes
    ----------
    rank
        ``(n_documents,) int64``, from 1; 0 for what is not in the list: what a filter keeps out, and the document that
        is the query.
    score
        ``(n_documents,) float64``, of documents outside the list too; NaN where there is none.
    n
        The length of the list.
    """

    ranker: Ranker
    vectors: VectorKind
    rank: NDArray[np.int64]
    score: NDArray[np.float64]
    n: int


def limit_of_lists(corpus: DocumentStore) -> str:
    """Return what the lists of a corpus leave out, in a sentence; empty if they rank all documents."""
    if isinstance(corpus, Corpus) or corpus.manifest.n_passages <= MOST_ROWS:
        return ""
    return f"Milvus returns at most {MOST_ROWS:,} passages of a ranking: documents further down have no rank and score."


def as_ranked(session: Session, engine: SearchEngine) -> Session:
    """Return a session as an engine can rank it: without a query that is lost, and with rankers that it has."""
    rankers = tuple(dict.fromkeys(each if each in engine.rankers else "words" for each in session.settings.rankers))
    query = None if query_state(session.query, engine.corpus) else session.query
    earlier = tuple(each for each in session.earlier if query_state(each, engine.corpus) is None)
    return replace(session, settings=replace(session.settings, rankers=rankers), query=query, earlier=earlier)


def ranks_of(session: Session, engine: SearchEngine, feedback: Feedback, ranker: Ranker) -> Ranks:
    """Rank all documents for the query of a session.

    Parameters
    ----------
    session
        As ``as_ranked`` returns it, with a query.
    feedback
        What its marks mean for the corpus now.
    """
    assert session.query is not None  # noqa: S101 - what the caller checks
    ranking = engine.search(session.query, feedback, ranker=ranker, k=0, C=session.settings.C, earlier=session.earlier)
    corpus, n = engine.corpus, engine.corpus.n_documents
    passages, scores = engine.top_passages(ranking.scorer, n)
    rows = corpus.passages_at(passages)[:, 0]
    score = np.full(n, np.nan)
    score[rows] = scores
    rank = np.zeros(n, np.int64)
    listed = rows[_in_list(session, engine)[rows]]
    _, first, texts = np.unique(corpus.text_numbers(listed), return_index=True, return_inverse=True)
    of_text = np.empty(len(first), np.int64)
    of_text[np.argsort(first)] = np.arange(1, len(first) + 1)
    rank[listed] = of_text[texts]
    return Ranks(ranker, ranking.vectors, rank, score, len(first))


def _in_list(session: Session, engine: SearchEngine) -> NDArray[np.bool_]:
    """Return which documents the list of a session may have."""
    corpus = engine.corpus
    passing = np.full(corpus.n_documents, not session.filters)
    if session.filters:
        passing[corpus.select(session.filters).rows] = True
    if isinstance(session.query, DocumentQuery):
        for copies in corpus.copies_of([corpus.row(session.query.doc_id)]):
            passing[copies] = False
    return passing
