"""Measure rankers on a corpus whose relevant documents are known.

Three protocols, each with a ranking that is judged:

- **first query**: nothing is marked.
- **shared marks**: kNN's first ten are judged; the relevant ones become positives, the others negatives, for all
  rankers alike. The ten leave the collection, and every ranker is judged by how it ranks what is left. Queries with
  nothing relevant left don't count.
- **own loop**: each ranker shows ten documents, they are judged and marked, and it shows the next ten. What counts is
  how many relevant documents have been found.

A document that a query is made of never comes back, nor does one that nobody has judged.
"""

import functools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.evaluation.baselines import BM25, centred_knn, logistic_regression, mean_of_positives, rocchio
from exemplar.retrieval.evaluation.judgements import JudgedQuery, Judgements
from exemplar.retrieval.evaluation.metrics import DEPTH, measures
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.rankers import RANKERS, Examples, Scorer, scorer
from exemplar.retrieval.rankers import TITLES as OWN_TITLES
from exemplar.retrieval.search import DocumentQuery, SearchEngine

Protocol = Literal["first query", "shared marks", "own loop"]
Key = tuple[Protocol, int, str]  # with the round and the ranker
FOUND = "relevant found"
PAGE = 10  # documents that are shown and judged at a time

YARDSTICKS = ("centred", "bm25", "mean", "rocchio", "logistic")
COMPARED = ("knn", *YARDSTICKS, "svm", "anchored")
TITLES: dict[str, str] = {
    "centred": "Centred kNN",
    "bm25": "BM25",
    "mean": "Mean of positives",
    "rocchio": "Rocchio",
    "logistic": "Logistic regression",
    **OWN_TITLES,
}
ROUNDS, N_QUERIES, SEED = 5, 300, 7  # by themselves


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What a ranker reached in one round of a protocol: by the name of a measure one value a query, in their order."""

    protocol: Protocol
    round: int
    ranker: str
    values: dict[str, NDArray[np.float64]]

    @property
    def n_queries(self) -> int:
        """How many queries were judged."""
        return len(next(iter(self.values.values())))


def check_rankers(rankers: Sequence[str]) -> None:
    """Raise ValueError for a ranker that can't be measured, or is named twice."""
    for ranker in rankers:
        if ranker not in COMPARED:
            raise ValueError(f"there is no ranker '{ranker}'; there are {', '.join(COMPARED)}")
    if len(set(rankers)) < len(rankers):
        raise ValueError(f"a ranker is named twice: {', '.join(rankers)}")


def evaluate(
    engine: SearchEngine,
    judgements: Judgements,
    *,
    rankers: Sequence[str] = COMPARED,
    rounds: int = ROUNDS,
    n_queries: int = N_QUERIES,
    seed: int = SEED,
    on_query: Callable[[int, int], None] | None = None,
) -> list[Measured]:
    """Measure rankers by all three protocols.

    Parameters
    ----------
    rounds
        Of the own loop, ten documents each.
    n_queries
        At most so many of the judged queries, drawn at random.
    on_query
        Called with how many queries are done, and of how many.

    Raises
    ------
    ValueError
        A ranker is unknown, or there is nothing to measure.
    """
    check_rankers(rankers)
    if rounds < 1 or n_queries < 1 or not rankers or not judgements.queries:
        raise ValueError("at least one ranker, one round and one query are needed")
    collection = _Collection(engine, judgements.unjudged)
    measured: dict[Key, list[dict[str, float]]] = {}
    queries = _drawn(judgements.queries, n_queries, seed)
    for done, query in enumerate(queries):
        for key, values in _measured(collection, query, rankers, rounds):
            measured.setdefault(key, []).append(values)
        if on_query:
            on_query(done + 1, len(queries))
    return [
        Measured(*key, {name: np.array([each[name] for each in values]) for name in values[0]})
        for key, values in measured.items()
    ]


def _drawn(queries: Sequence[JudgedQuery], n: int, seed: int) -> list[JudgedQuery]:
    """Return n of the queries in their order, or all."""
    rows = np.random.default_rng(seed).choice(len(queries), min(n, len(queries)), replace=False)
    return [queries[row] for row in sorted(rows)]


def _measured(
    collection: "_Collection", query: JudgedQuery, rankers: Sequence[str], rounds: int
) -> list[tuple[Key, dict[str, float]]]:
    """Return all that is measured for one query."""
    judged, none = _Judged(collection, query), Feedback()
    found: list[tuple[Key, dict[str, float]]]
    found = [(("first query", 0, each), judged.measures(each, none)) for each in rankers]
    shared = judged.marks(collection.ranking("knn", query, none, PAGE), none)
    if judged.left(shared).any():
        found += [(("shared marks", 1, each), judged.measures(each, shared)) for each in rankers]
    for each in rankers:
        feedback = none
        for number in range(1, rounds + 1):
            feedback = judged.marks(collection.ranking(each, query, feedback, PAGE), feedback)
            found.append((("own loop", number, each), {FOUND: float(len(feedback.positives))}))
    return found


class _Judged:
    """A query of a collection, with the grade of every document."""

    def __init__(self, collection: "_Collection", query: JudgedQuery) -> None:
        self._collection, self._query = collection, query
        rows = collection.engine.corpus.rows
        self._grades = np.zeros(len(rows), dtype=np.int64)
        for doc_id, grade in query.relevant.items():
            self._grades[rows[doc_id]] = grade
        if query.document is not None:
            self._grades[rows[query.document]] = 0

    def marks(self, shown: NDArray[np.intp], feedback: Feedback) -> Feedback:
        """Return the feedback with every document that is shown marked as it was judged."""
        doc_ids, grades = self._collection.doc_ids(shown), self._grades[shown]
        positives = [doc_id for doc_id, grade in zip(doc_ids, grades, strict=True) if grade > 0]
        negatives = [doc_id for doc_id, grade in zip(doc_ids, grades, strict=True) if grade == 0]
        return Feedback((*feedback.positives, *positives), (*feedback.negatives, *negatives))

    def left(self, feedback: Feedback) -> NDArray[np.int64]:
        """Return the grades of all documents, with none for those that are marked."""
        grades = self._grades.copy()
        grades[self._collection.marked_rows(feedback)] = 0
        return grades

    def measures(self, ranker: str, feedback: Feedback) -> dict[str, float]:
        """Return how well a ranker ranks what isn't marked."""
        left = self.left(feedback)
        return measures(left[self._collection.ranking(ranker, self._query, feedback, DEPTH)], left[left > 0])


class _Collection:
    """Rankings of a corpus without what is marked, by whichever ranker."""

    def __init__(self, engine: SearchEngine, unjudged: Collection[str] = ()) -> None:
        self.engine = engine
        self._unjudged = [engine.corpus.row(doc_id) for doc_id in unjudged]

    def doc_ids(self, rows: NDArray[np.intp]) -> list[str]:
        return self.engine.corpus.doc_ids(rows)

    def marked_rows(self, feedback: Feedback) -> list[int]:
        return [self.engine.corpus.row(doc_id) for doc_id in (*feedback.positives, *feedback.negatives)]

    def ranking(self, ranker: str, query: JudgedQuery, feedback: Feedback, k: int) -> NDArray[np.intp]:
        """Return the rows of the k best documents that are neither marked nor what the query is made of.

        BM25 gives fewer where fewer share a word with the query.
        """
        corpus = self.engine.corpus
        itself = [] if query.document is None else [corpus.row(query.document)]
        without = [*self._unjudged, *self.marked_rows(feedback), *itself]
        if ranker == "bm25":
            scores = self._bm25.scores(self._text(query)).copy()
            scores[without] = 0
            return np.argsort(-scores, kind="stable")[: min(k, np.count_nonzero(scores))]
        typed = DocumentQuery(query.document or "") if query.text is None else query.text
        examples = self.engine.examples(typed, feedback, query.document)
        passages, _ = self.engine.top_passages(self._scorer(ranker, examples), k, without)
        return corpus.passages_at(passages)[:, 0].astype(np.intp)

    def _scorer(self, ranker: str, examples: Examples) -> Scorer:
        match ranker:
            case "centred":
                return centred_knn(examples, self._mean)
            case "mean":
                return mean_of_positives(examples)
            case "rocchio":
                return rocchio(examples)
            case "logistic":
                return logistic_regression(examples)
        return scorer(next(each for each in RANKERS if each == ranker), examples)

    def _text(self, query: JudgedQuery) -> str:
        corpus = self.engine.corpus
        return corpus.document(corpus.row(query.document or "")).text if query.text is None else query.text

    @functools.cached_property
    def _bm25(self) -> BM25:
        return BM25(self.engine.corpus.documents["text"].to_pylist())

    @functools.cached_property
    def _mean(self) -> NDArray[np.float64]:
        return self.engine.index.mean()
