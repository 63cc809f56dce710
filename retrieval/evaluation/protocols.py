"""Measure rankers on a corpus with relevance judgements.

Three protocols measure a ranking:

- **first query**: no document is marked.
- **shared marks**: kNN's first ten documents are judged; the relevant ones become positives, the others negatives, for
  all rankers alike. The ten leave the collection, and the protocol measures how a ranker ranks the rest
  (residual-collection evaluation). Queries without a relevant document in the rest do not count.
- **own loop**: every ranker shows ten documents, which are judged and marked, and then the next ten. The measure is the
  number of relevant documents over all rounds.

Rankings leave out the document that a query was made from, and documents that were not judged.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from exemplar.data.errors import ExemplarError
from exemplar.retrieval.evaluation.baselines import BASELINES
from exemplar.retrieval.evaluation.collection import Collection, Judged
from exemplar.retrieval.evaluation.judgements import JudgedQuery, Judgements
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.rankers import TITLES as RANKER_TITLES
from exemplar.retrieval.search import SearchEngine

EvaluationProtocol = Literal["first query", "shared marks", "own loop"]
Condition = tuple[EvaluationProtocol, int, str]  # protocol, round, ranker
RELEVANT_FOUND = "relevant found"  # the metric of the own loop
PAGE_SIZE = 10  # documents of a round

COMPARED = ("knn", "words", "hybrid", *BASELINES, "svm", "anchored-vectors", "anchored")
SELECTABLE = (*COMPARED, "elas")  # which takes memory for all pairs of words, so only who names it gets it
TITLES = RANKER_TITLES | BASELINES | {"elas": "ELAS-like SVM"}
TITLES |= {"bm25": "BM25 by bm25s"}  # which earlier versions compared with
ROUNDS, N_QUERIES, SEED = 5, 300, 7  # defaults of an evaluation


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """The metrics of a ranker in one round of a protocol.

    Attributes
    ----------
    round
        0 for the first query, 1 for the shared marks, 1 and up in the own loop.
    values
        ``(n_queries,)`` by metric, in the order of the queries.
    """

    protocol: EvaluationProtocol
    round: int
    ranker: str
    values: dict[str, NDArray[np.float64]]

    @property
    def condition(self) -> Condition:
        """Protocol, round and ranker."""
        return self.protocol, self.round, self.ranker

    @property
    def n_queries(self) -> int:
        """The number of measured queries."""
        return len(next(iter(self.values.values())))


def check_rankers(rankers: Sequence[str]) -> None:
    """Raise ExemplarError if a ranker does not exist, or occurs twice."""
    for ranker in rankers:
        if ranker not in SELECTABLE:
            raise ExemplarError(f"there is no ranker '{ranker}'; there are {', '.join(SELECTABLE)}")
    if len(set(rankers)) < len(rankers):
        raise ExemplarError(f"a ranker is named twice: {', '.join(rankers)}")


def evaluate(
    engine: SearchEngine,
    judgements: Judgements,
    *,
    rankers: Sequence[str] = COMPARED,
    rounds: int = ROUNDS,
    n_queries: int = N_QUERIES,
    seed: int = SEED,
    on_query: Callable[[int, int], None] | None = None,
) -> list[Measurement]:
    """Measure rankers by all three protocols.

    Parameters
    ----------
    rounds
        Rounds of the own loop, with ten documents each.
    n_queries
        The most judged queries to measure, drawn at random.
    on_query
        Called after every query with the numbers of finished and of all queries.

    Raises
    ------
    ExemplarError
        A ranker is unknown, or no ranker, round or query remains to measure.
    """
    check_rankers(rankers)
    if rounds < 1 or n_queries < 1 or not rankers or not judgements.queries:
        raise ExemplarError("at least one ranker, one round and one query are needed")
    collection = Collection(engine, judgements.unjudged)
    by_condition: dict[Condition, list[dict[str, float]]] = {}
    queries = sampled(judgements.queries, n_queries, seed)
    for done, query in enumerate(queries, start=1):
        for condition, metrics in _measure_query(collection, query, rankers, rounds):
            by_condition.setdefault(condition, []).append(metrics)
        if on_query:
            on_query(done, len(queries))
    return [
        Measurement(*condition, {name: np.array([of_query[name] for of_query in metrics]) for name in metrics[0]})
        for condition, metrics in by_condition.items()
    ]


def sampled(queries: Sequence[JudgedQuery], n: int, seed: int) -> list[JudgedQuery]:
    """Return n random queries in their order; all of them if they are at most n."""
    rows = np.random.default_rng(seed).choice(len(queries), min(n, len(queries)), replace=False)
    return [queries[row] for row in sorted(rows)]


def _measure_query(
    collection: Collection, query: JudgedQuery, rankers: Sequence[str], rounds: int
) -> list[tuple[Condition, dict[str, float]]]:
    """Return the metrics of one query by condition."""
    judged, no_marks = Judged(collection, query), Feedback()
    metrics: list[tuple[Condition, dict[str, float]]]
    metrics = [(("first query", 0, ranker), judged.measures(ranker, no_marks)) for ranker in rankers]
    shared = judged.marks(collection.ranking("knn", query, no_marks, PAGE_SIZE), no_marks)
    if judged.residual_grades(shared).any():
        metrics += [(("shared marks", 1, ranker), judged.measures(ranker, shared)) for ranker in rankers]
    for ranker in rankers:
        feedback = no_marks
        for number in range(1, rounds + 1):
            feedback = judged.marks(collection.ranking(ranker, query, feedback, PAGE_SIZE), feedback)
            metrics.append((("own loop", number, ranker), {RELEVANT_FOUND: float(len(feedback.positives))}))
    return metrics
