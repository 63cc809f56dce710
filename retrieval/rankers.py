"""The rankers: a query and its marks in, one weight vector out.

The constants of the default ranker were chosen by measurements: see docs/evaluation.md.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from exemplar.data.errors import ExemplarError
from exemplar.retrieval.index.base import Index
from exemplar.retrieval.index.features import Features
from exemplar.retrieval.index.words import TextWords, Words
from exemplar.retrieval.svm.anchor import at_terms, choose_terms, dense_anchor, information, term_rows, word_anchor
from exemplar.retrieval.svm.balance import balance, equally_scaled, judge_query
from exemplar.retrieval.svm.fit import NEGATIVE_WEIGHT, ExemplarSVM, Until, check_c, fit_exemplar_svm

Ranker = Literal["knn", "words", "hybrid", "svm", "anchored-vectors", "anchored"]
RANKERS: tuple[Ranker, ...] = get_args(Ranker)
DEFAULT_RANKER: Ranker = "anchored"
WITHOUT_VECTORS: tuple[Ranker, ...] = ("words", "anchored")  # they rank by words alone, too
LEARNING: tuple[Ranker, ...] = ("svm", "anchored-vectors", "anchored")  # the others have no use for marks
TITLES: dict[str, str] = {
    "knn": "kNN",
    "words": "BM25",
    "hybrid": "kNN and BM25",
    "svm": "Exemplar SVM",
    "anchored-vectors": "Anchored SVM, vectors alone",
    "anchored": "Anchored SVM",
}

NOTEBOOK_C = 0.1
_ANCHORED_C = 0.003  # before the first mark; the balance of the losses is for this C
_SAMPLE, _SEED = 1024, 0  # random rows that stand for the corpus


@dataclass(frozen=True, slots=True, eq=False)
class ExampleWords:
    """The words of a query and of its marks.

    Attributes
    ----------
    negatives
        Of the texts marked as not relevant that no document of the corpus has; the index has those of documents.
    itself
        The document that the query was made from, and its copies.
    """

    words: Words
    query: TextWords
    positives: tuple[TextWords, ...] = ()
    negatives: tuple[TextWords, ...] = ()
    itself: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """A query and its marks, as vectors, words and rows of an index.

    Attributes
    ----------
    query
        ``(dim,) float32``.
    positives
        ``(n_positives, dim) float32``, one vector for every relevant document.
    negatives
        One row for every document marked as not relevant.
    negative_vectors
        ``(n, dim) float32``: a vector for every text marked as not relevant that no document of the corpus has.
    left_out
        Rows outside the background: all passages of marked documents, and of duplicates of a positive.
    words
        None if the corpus has no words index.
    """

    index: Index
    query: NDArray[np.float32]
    positives: NDArray[np.float32]
    negatives: NDArray[np.intp]
    left_out: NDArray[np.intp]
    negative_vectors: NDArray[np.float32] | None = None
    words: ExampleWords | None = None

    @property
    def n_negatives(self) -> int:
        """Number of negatives, rows and vectors together."""
        return len(self.negatives) + (0 if self.negative_vectors is None else len(self.negative_vectors))


@dataclass(frozen=True, slots=True, eq=False)
class TermWeights:
    """The words' part of a scorer.

    Attributes
    ----------
    terms
        ``(n_terms,) int64``, ascending.
    w
        ``(n_terms,)``, on a row of the index that joins vectors and these terms.
    """

    terms: NDArray[np.int64]
    w: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """A linear scorer: the score of a row x is ``w.x + b``, plus the product with the words of its document.

    Attributes
    ----------
    w
        ``(dim,)``, on the vector.
    svm
        The classifier that the scorer comes from, if any.
    words
        None for vectors alone.
    above
        Only rows with a score above this are ranked: a query in words alone ranks no document that has none of them.
    """

    w: NDArray[np.floating[Any]]
    b: float = 0.0
    svm: ExemplarSVM | None = None
    words: TermWeights | None = None
    above: float | None = None


def scorer(ranker: Ranker, examples: Examples, *, C: float | None = None, until: Until = "settled") -> Scorer:
    """Return the scorer of a ranker.

    ``knn`` is the query's vector, ``words`` is BM25 with the query's terms, and ``hybrid`` adds them up, whatever the
    marks. ``svm`` is the exemplar SVM of query and positives against the rest, on vectors. ``anchored`` is an SVM on
    vectors and words that starts at the query and the mean of the positives, see balance; ``anchored-vectors`` is the
    same on vectors alone. Without a words index, all rankers but ``words`` use the vectors alone.

    Parameters
    ----------
    C
        The weight of the loss, see fit_exemplar_svm; None takes default_c.

    Raises
    ------
    ExemplarError
        C is not positive, or above 1e6; or the ranker is ``words``, and the corpus has no words index.
    """
    if C is not None:
        check_c(C)
    match ranker:
        case "knn":
            return Scorer(examples.query)
        case "words":
            return _words_alone(examples)
        case "hybrid":
            return _hybrid(examples)
        case "svm":
            return _exemplar_svm(examples, C, until)
    words = examples.words if ranker == "anchored" else None
    return _anchored(examples, words, C, until)


def _words_alone(examples: Examples) -> Scorer:
    if examples.words is None:
        raise ExemplarError("the corpus has no words index; rank it by another ranker")
    words, query = examples.words.words, examples.words.query
    chosen = choose_terms(words, query.terms, query.counts)
    weights = TermWeights(query.terms[chosen], query.counts[chosen] / words.scales(query.terms[chosen]))
    return Scorer(np.zeros(examples.index.dim), words=weights, above=0.0)


def _hybrid(examples: Examples) -> Scorer:
    if examples.words is None:
        return Scorer(examples.query)
    words = examples.words.words
    anchor = word_anchor(words, examples.words.query, (), without=examples.words.itself)
    return Scorer(examples.query, words=TermWeights(anchor.terms, anchor.weights / words.scales(anchor.terms)))


def _exemplar_svm(examples: Examples, C: float | None, until: Until) -> Scorer:
    n_positives, n_negatives = len(examples.positives), examples.n_negatives
    effective = effective_negatives(n_positives, n_negatives)
    svm = fit_exemplar_svm(
        examples.index,
        np.concatenate([examples.query[None], examples.positives]),
        examples.negatives,
        negative_vectors=examples.negative_vectors,
        C=NOTEBOOK_C if C is None else C,
        negative_weight=NEGATIVE_WEIGHT * effective / n_negatives if n_negatives else NEGATIVE_WEIGHT,
        exclude=examples.left_out,
        until=until,
    )
    return Scorer(svm.w, svm.b, svm)


def _anchored(examples: Examples, words: ExampleWords | None, C: float | None, until: Until) -> Scorer:
    """Return the SVM on vectors and words that starts as their anchor, and ends as what the marks alone say."""
    joined = _joined(examples, words)
    index, dim = joined.index, examples.index.dim
    if not dim and not any(point.any() for point in joined.anchors):  # no vectors, and no known word
        return _words_alone(examples)
    sample = index.sample(_SAMPLE, _SEED)
    background = np.setdiff1d(sample, examples.left_out)
    corpus = index.features(background if background.size else sample)
    anchors = [
        equally_scaled(point, _mean_score(rows, point), _mean_score(corpus, point))
        for point, rows in zip(joined.anchors, joined.examples, strict=True)
    ]
    n_positives, n_negatives = len(examples.positives), examples.n_negatives
    read = [index.features(examples.negatives)] + ([] if joined.negatives is None else [joined.negatives])
    positives, others, *negatives = (
        rows.dot(anchors[0][:-1]) + anchors[0][-1] for rows in (joined.examples[-1], corpus, *read)
    )
    finds, separates = judge_query(positives, np.concatenate(negatives), others) if n_positives else (1.0, 1.0)
    weights = balance(
        n_positives,
        n_negatives,
        *([] if words is None else [information(words.words, words.query)]),
        finds=finds,
        separates=separates,
        n_rows=index.n - len(examples.left_out),
        by=1.0 if C is None else C / default_c("anchored", n_positives + n_negatives),
    )
    anchor = weights.of_query * anchors[0]
    if n_positives:
        anchor += weights.of_positives * anchors[1]
    svm = fit_exemplar_svm(
        index,
        Features.stacked(joined.examples),
        examples.negatives,
        negative_vectors=joined.negatives,
        loss=weights.loss,
        anchor=anchor,
        exclude=examples.left_out,
        until=until,
    )
    return Scorer(svm.w[:dim], svm.b, svm, TermWeights(joined.terms, svm.w[dim:]) if len(joined.terms) else None)


def _mean_score(rows: Features, w: NDArray[np.float64]) -> float:
    return float(rows.dot(w).mean(dtype=np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class _Joined:
    """Query and marks on an index of vectors and words.

    Attributes
    ----------
    examples
        The query, and the positives if there are any.
    anchors
        Weights ``(dim,)`` for each of these.
    terms
        The terms that take part, ascending.
    """

    index: Index
    examples: list[Features]
    anchors: list[NDArray[np.float64]]
    negatives: Features | None = None
    terms: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


def _joined(examples: Examples, words: ExampleWords | None) -> _Joined:
    parts = [examples.query[None]] + ([examples.positives] if len(examples.positives) else [])
    points = [dense_anchor(part) for part in parts]
    negatives = examples.negative_vectors
    if words is None:
        return _Joined(
            examples.index, list(map(Features, parts)), points, None if negatives is None else Features(negatives)
        )
    anchors = [word_anchor(words.words, words.query, (), without=words.itself)]
    texts = [[(anchors[0].terms, anchors[0].query)]]
    if words.positives:
        anchors.append(word_anchor(words.words, None, words.positives))
        texts.append([(text.terms, text.weights) for text in words.positives])
    terms = np.unique(np.concatenate([anchor.terms for anchor in anchors]))
    scales = words.words.scales(terms)
    return _Joined(
        words.words.joined(terms),
        [Features(part, term_rows(of_part, terms, scales)) for part, of_part in zip(parts, texts, strict=True)],
        [
            np.append(point, at_terms(terms, anchor.terms, anchor.weights) / scales)
            for point, anchor in zip(points, anchors, strict=True)
        ],
        None
        if negatives is None
        else Features(negatives, term_rows([(text.terms, text.weights) for text in words.negatives], terms, scales)),
        terms,
    )


def default_c(ranker: Ranker, n_marks: int) -> float:
    """Return a ranker's default C: the notebook's for ``svm``; for the others one that grows with the marks.

    A mean loss over n examples is commonly regularised by ``1 / sqrt(n)``, a sum of losses by a constant. The growth
    with the power 3/4 lies between.
    """
    return NOTEBOOK_C if ranker == "svm" else _ANCHORED_C * float((1 + n_marks) ** 0.75)


def effective_negatives(n_positives: int, n_negatives: int) -> int:
    """Return how many negatives ``svm`` counts: all, but at most one as long as no document is marked as relevant.

    Negatives are close to the query, and so are the relevant documents. Without a positive nothing separates the two,
    so a push away from the negatives is also a push away from the relevant documents.
    """
    return n_negatives if n_positives else min(1, n_negatives)


def centroid(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean of vectors ``(n, dim)``, scaled to their average length; unit vectors give a unit vector."""
    mean: NDArray[np.float64] = vectors.mean(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    average_length = float(np.linalg.norm(vectors, axis=1).mean())
    return mean * (average_length / length) if length else mean
