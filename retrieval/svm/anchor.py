"""The anchor: a scorer of vectors and words that query and marks give at once, without training.

The dense part is that of Rocchio, "Relevance feedback in information retrieval" (1971). The words' part is a BM25 query
of the terms of the query and the positives, each text's terms divided by the score that they can give.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.index.base import Rows
from exemplar.retrieval.index.words import TextWords, Words

POSITIVES = 0.75  # the weight of their mean beside the query's of 1, as Rocchio is commonly used
MOST_TERMS = 1000
MOST_ENTRIES, LEAST_ENTRIES, ENTRIES = 30, 8, 4_000_000  # of the chosen terms: a document at most, at least, in all

_NO_WORDS = TextWords(np.empty(0, np.int64), np.empty(0), np.empty(0))
_MOST_COUNT = 3.0  # of a term in a text
_WORDS_OF_QUERY, _WORDS_OF_EXAMPLES = 0.5, 0.8  # the weight of words, if the vector's part has length 1


@dataclass(frozen=True, slots=True, eq=False)
class WordAnchor:
    """The words' part of an anchor.

    Attributes
    ----------
    terms
        ``(n_terms,) int64``, ascending.
    weights
        ``(n_terms,)``, on BM25 weights.
    query
        ``(n_terms,)``: the BM25 weights of the query, as if it scored like the document that has most of its words.
    """

    terms: NDArray[np.int64]
    weights: NDArray[np.float64]
    query: NDArray[np.float64]


def dense_anchor(examples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean of unit rows, ``(n, dim)``, scaled to length 1."""
    point: NDArray[np.float64] = examples.mean(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(point))
    return point / length if length else point


def word_anchor(
    words: Words,
    query: TextWords | None,
    positives: Sequence[TextWords],
    *,
    without: Rows = (),
    gamma: float | None = None,
) -> WordAnchor:
    """Return the words' part of the anchor.

    A text's terms count at most three times each. Those of the query are divided by the highest score that they give a
    document, so that this document's score is ``gamma``; those of a positive by the score that they give itself.

    Parameters
    ----------
    query
        None for the positives alone.
    without
        Documents that do not count as the best for the query: the one that it was made from.
    gamma
        The weight of the words beside the vector's part; None for 0.5 before the first positive, 0.8 after it.
    """
    if gamma is None:
        gamma = _WORDS_OF_EXAMPLES if positives else _WORDS_OF_QUERY
    query_weight = 0.0 if query is None else 1.0
    query = query or _NO_WORDS
    total = query_weight + (POSITIVES if positives else 0.0)
    of_query = _shares(query)
    texts = [(query.terms, query_weight / total * of_query)]
    texts += [(text.terms, POSITIVES / total / len(positives) * _shares(text)) for text in positives]
    terms, weights = _sum(texts)
    n_texts = np.zeros(len(terms), np.int64)
    for text in positives:
        n_texts[np.searchsorted(terms, text.terms)] += 1
    chosen = choose_terms(words, terms, weights, n_texts)
    terms, weights = terms[chosen], weights[chosen]
    asked = at_terms(terms, query.terms, of_query)
    best = words.joined(terms).best_words(asked / words.scales(terms), without) if asked.any() else 0.0
    factor = 1 / best if best else 0.0
    weights = weights + query_weight / total * (factor - 1) * asked
    return WordAnchor(terms, gamma * weights, at_terms(terms, query.terms, query.weights) * best)


def choose_terms(
    words: Words, terms: NDArray[np.int64], weights: NDArray[np.float64], n_texts: NDArray[np.int64] | None = None
) -> NDArray[np.intp]:
    """Return the positions of the terms that take part, ascending: those of the highest ``weight idf^2``.

    At most 1,000 take part, and as many as have thirty postings a document; in a large corpus as many as have four
    million in all, but at least eight a document.

    Parameters
    ----------
    weights
        ``(n_terms,)``: a query with these weights of the terms.
    n_texts
        ``(n_terms,)``: how many positives have each; a term that only these have tells nothing of other documents.
    """
    counts = words.document_counts(terms)
    order = np.argsort(-weights * _idf(words, terms) ** 2, kind="stable")
    if n_texts is not None:
        order = order[counts[order] > n_texts[order]]
    order = order[:MOST_TERMS]
    most = min(MOST_ENTRIES * words.n_documents, max(LEAST_ENTRIES * words.n_documents, ENTRIES))
    fits = np.cumsum(counts[order]) <= most
    fits[:1] = True
    return np.sort(order[fits])


def information(words: Words, query: TextWords) -> float:
    """Return the sum of the idf of a query's words, in nats."""
    return float(query.counts @ _idf(words, query.terms))


def _idf(words: Words, terms: NDArray[np.int64]) -> NDArray[np.float64]:
    counts = words.document_counts(terms)
    idf: NDArray[np.float64] = np.log1p((words.n_documents - counts + 0.5) / (counts + 0.5))
    return idf


def term_rows(
    texts: Sequence[tuple[NDArray[np.int64], NDArray[np.float64]]],
    terms: NDArray[np.int64],
    scales: NDArray[np.float64],
) -> Any:
    """Return the weights of some terms in texts times their scales, ``(n_texts, n_terms) float32``, as sparse rows."""
    from scipy.sparse import csr_array

    sizes = [len(of_text) for of_text, _ in texts]
    of_texts = np.concatenate([np.empty(0, np.int64), *(of_text for of_text, _ in texts)])
    weights = np.concatenate([np.empty(0), *(of_text for _, of_text in texts)])
    columns = np.minimum(np.searchsorted(terms, of_texts), max(0, len(terms) - 1))
    known = terms[columns] == of_texts if len(terms) else np.zeros(len(of_texts), bool)
    rows, columns = np.repeat(np.arange(len(texts)), sizes)[known], columns[known]
    data = (weights[known] * scales[columns]).astype(np.float32)
    return csr_array((data, (rows, columns)), shape=(len(texts), len(terms)))


def _shares(text: TextWords) -> NDArray[np.float64]:
    """Return the counts of a text's terms, divided by the score that they give the text itself."""
    counts = np.minimum(text.counts, _MOST_COUNT)
    own = float(counts @ text.weights)
    return counts / own if own else counts


def _sum(
    texts: Sequence[tuple[NDArray[np.int64], NDArray[np.float64]]],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return all terms of some texts, ascending, and the sums of their weights."""
    terms, positions = np.unique(np.concatenate([terms for terms, _ in texts]), return_inverse=True)
    weights = np.zeros(len(terms))
    np.add.at(weights, positions, np.concatenate([of_text for _, of_text in texts]))
    return terms, weights


def at_terms(terms: NDArray[np.int64], of_text: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values that a text has at some terms, 0 at a term that it does not have; both ascending."""
    found = np.zeros(len(terms))
    _, at, of = np.intersect1d(terms, of_text, assume_unique=True, return_indices=True)
    found[at] = values[of]
    return found
