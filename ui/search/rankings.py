"""Rank by the query, marks, settings and filters of a session."""

from collections.abc import Sequence

from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.rankers import Ranker
from exemplar.retrieval.ranking import Ranking
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.session import Session


def usable_rankers(chosen: Sequence[Ranker], usable: Sequence[Ranker]) -> tuple[Ranker, ...]:
    """Return the chosen rankers, and BM25 in place of those that need vectors where there are none; each once."""
    return tuple(dict.fromkeys(ranker if ranker in usable else "words" for ranker in chosen))


def rankings_of(
    session: Session,
    engine: SearchEngine,
    feedback: Feedback,
    rankers: Sequence[Ranker],
    skip: int = 0,
    depth: int = 0,
) -> list[Ranking]:
    """Return a ranking by each of the rankers; ``skip`` and ``depth`` are those of ``SearchEngine.search``."""
    if session.query is None:
        return []
    return [
        engine.search(
            session.query,
            feedback,
            ranker=ranker,
            k=session.settings.k,
            skip=skip,
            depth=depth,
            C=session.settings.C,
            filters=session.filters,
            without=feedback.marked if session.settings.hide_marked else (),
        )
        for ranker in rankers
    ]
