"""Find the engine of a session, and rank by its query, marks, settings and filters."""

from collections.abc import Sequence
from dataclasses import replace

from exemplar.data.errors import CorpusNotFound
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.rankers import DEFAULT_RANKER, Ranker
from exemplar.retrieval.ranking import Ranking
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.identity import query_state
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import resources, state

HEADINGS: dict[Ranker, str] = {
    "knn": "By similarity",
    "words": "By words",
    "hybrid": "By similarity and words",
    "svm": "Learned from your marks",
    "anchored-vectors": "Learned from your marks",
    "anchored": "Learned from your marks",
}


def usable_rankers(chosen: Sequence[Ranker], usable: Sequence[Ranker]) -> tuple[Ranker, ...]:
    """Return the chosen rankers, and BM25 in place of those that need vectors where there are none; each once."""
    return tuple(dict.fromkeys(ranker if ranker in usable else "words" for ranker in chosen))


def plain_and_learned(session: Session, engine: SearchEngine) -> tuple[Ranker, Ranker]:
    """Return the ranker that ignores marks, and the chosen one that Mark next and Why compare with it."""
    plain: Ranker = "knn" if "knn" in engine.rankers else "words"
    return plain, next((ranker for ranker in reversed(session.settings.rankers) if ranker != plain), DEFAULT_RANKER)


def rankings_of(
    session: Session,
    engine: SearchEngine,
    feedback: Feedback,
    rankers: Sequence[Ranker],
    depth: int,
    *,
    fold: bool | None = None,
) -> list[Ranking]:
    """Return the first ``depth`` documents by each of the rankers, without their texts.

    Parameters
    ----------
    fold
        Whether to leave marked documents out; None takes the session's setting.
    """
    if session.query is None:
        return []
    return [
        engine.search(
            session.query,
            feedback,
            ranker=ranker,
            k=0,
            depth=depth,
            C=session.settings.C,
            filters=session.filters,
            without=feedback.marked if (session.settings.hide_marked if fold is None else fold) else (),
            earlier=session.earlier,
        )
        for ranker in rankers
    ]


def engine_of(session: Session) -> SearchEngine:
    """Return the engine with the vectors of the shown ranking; with the best if these are gone."""
    best = resources.manifest_of(session.corpus)
    vectors = state.vectors_for(session, best)
    try:
        return resources.engine(session.corpus, vectors)
    except CorpusNotFound:
        if vectors == best.vectors:
            raise
        state.take_best_vectors()
        return resources.engine(session.corpus, state.vectors_for(session, best))


def usable(session: Session, engine: SearchEngine) -> Session:
    """Return a session as an engine can rank it: without rankers that need vectors that it lacks, or a lost query."""
    settings = replace(session.settings, rankers=usable_rankers(session.settings.rankers, engine.rankers))
    query = None if query_state(session.query, engine.corpus) else session.query
    earlier = tuple(each for each in session.earlier if query_state(each, engine.corpus) is None)
    return replace(session, settings=settings, query=query, earlier=earlier)
