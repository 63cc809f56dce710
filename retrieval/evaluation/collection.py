"""The collection that rankers are measured on, and its documents judged for a query."""

import functools
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.evaluation.baselines import (
    centred_knn,
    logistic_regression,
    mean_of_positives,
    reciprocal_rank_fusion,
    rocchio,
    rocchio_with_words,
)
from exemplar.retrieval.evaluation.elas import Elas
from exemplar.retrieval.evaluation.judgements import JudgedQuery
from exemplar.retrieval.evaluation.metrics import DEPTH, measures
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.rankers import RANKERS, Examples, Scorer, scorer
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.search import SearchEngine


class Collection:
    """Rankings of the documents of a corpus that are not marked, by rankers and baselines."""

    def __init__(self, engine: SearchEngine, unjudged: Iterable[str] = ()) -> None:
        self.engine = engine
        self.unjudged = [engine.corpus.row(doc_id) for doc_id in unjudged]

    def doc_ids(self, rows: NDArray[np.intp]) -> list[str]:
        """Return the documents at rows, by ``doc_id``."""
        return self.engine.corpus.doc_ids(rows)

    def marked_rows(self, feedback: Feedback) -> list[int]:
        """Return the rows of the documents that are marked as relevant, and of those marked as not relevant."""
        return list(self.engine.corpus.rows_of((*feedback.positives, *feedback.negatives)).values())

    def ranking(self, ranker: str, query: JudgedQuery, feedback: Feedback, k: int) -> NDArray[np.intp]:
        """Return the rows of the k best documents, without marked ones and the one that the query was made from.

        BM25 returns only documents that share a word with the query.
        """
        if ranker == "rrf":
            both = [self.ranking(other, query, feedback, max(k, DEPTH)) for other in ("knn", "words")]
            return reciprocal_rank_fusion(both, k)
        corpus = self.engine.corpus
        itself = [] if query.document is None else [corpus.row(query.document)]
        without = [*self.unjudged, *self.marked_rows(feedback), *itself]
        if ranker == "elas":
            return self._by_elas(query, feedback, k, without)
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
            case "rocchio-words":
                return rocchio_with_words(examples)
            case "logistic":
                return logistic_regression(examples)
        return scorer(next(name for name in RANKERS if name == ranker), examples)

    def _by_elas(self, query: JudgedQuery, feedback: Feedback, k: int, without: Sequence[int]) -> NDArray[np.intp]:
        corpus = self.engine.corpus
        text = corpus.document(corpus.row(query.document or "")).full_text if query.text is None else query.text
        positives, negatives = (
            list(corpus.rows_of(marked).values()) for marked in (feedback.positives, feedback.negatives)
        )
        scores = self._elas.scores(text, positives, negatives)
        order = np.argsort(-scores, kind="stable")
        best: NDArray[np.intp] = order[~np.isin(order, without)][:k]
        return best

    @functools.cached_property
    def _elas(self) -> Elas:
        corpus = self.engine.corpus
        return Elas([document.full_text for document in corpus.documents_at(range(corpus.n_documents))])

    @functools.cached_property
    def _mean(self) -> NDArray[np.float64]:
        return self.engine.index.mean()


class Judged:
    """A query, with the grade of every document of a collection.

    Attributes
    ----------
    grades
        ``(n_documents,)``: 0 for a document that is not relevant, or was not judged.
    readable
        The rows of the documents that were judged for the query, ascending, without the one that it was made from.
    """

    def __init__(self, collection: Collection, query: JudgedQuery) -> None:
        self._collection, self.query = collection, query
        rows = collection.engine.corpus.rows
        self.grades = np.zeros(len(rows), dtype=np.int64)
        for doc_id, grade in query.relevant.items():
            self.grades[rows[doc_id]] = grade
        if query.document is not None:
            self.grades[rows[query.document]] = 0
        itself = [] if query.document is None else [rows[query.document]]
        self.readable = np.setdiff1d(np.arange(len(rows)), [*collection.unjudged, *itself]).astype(np.intp)

    def marks(self, shown: NDArray[np.intp], feedback: Feedback) -> Feedback:
        """Return the feedback with marks on the shown documents, by their grades."""
        doc_ids, grades = self._collection.doc_ids(shown), self.grades[shown]
        positives = [doc_id for doc_id, grade in zip(doc_ids, grades, strict=True) if grade > 0]
        negatives = [doc_id for doc_id, grade in zip(doc_ids, grades, strict=True) if grade == 0]
        return Feedback((*feedback.positives, *positives), (*feedback.negatives, *negatives))

    def residual_grades(self, feedback: Feedback) -> NDArray[np.int64]:
        """Return the grades of all documents, ``(n_documents,)``; 0 for marked ones."""
        grades = self.grades.copy()
        grades[self._collection.marked_rows(feedback)] = 0
        return grades

    def measures(self, ranker: str, feedback: Feedback) -> dict[str, float]:
        """Return the metrics of a ranker over the documents that are not marked."""
        grades = self.residual_grades(feedback)
        ranking = self._collection.ranking(ranker, self.query, feedback, DEPTH)
        return measures(grades[ranking], grades[grades > 0])
