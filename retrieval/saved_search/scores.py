"""The scores of documents by saved weights: by their vectors, and by their words with the saved statistics."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.words.analysis import analysis_version
from exemplar.data.words.counting import MOST_COUNT, TermCounts, count_terms
from exemplar.data.words.header import K1, B
from exemplar.data.words.index import WordsIndex
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.index.words import idf_of
from exemplar.retrieval.saved_search.saved import SavedSearch, SavedWords


def scores_of_documents(saved: SavedSearch, corpus: Corpus) -> NDArray[np.float64]:
    """Return the score of every document of a corpus, ``(n_documents,)``, each by its best passage."""
    scores = np.full(corpus.n_documents, saved.weights.b)
    if saved.weights.w:
        index = DenseIndex(corpus.vectors)
        of_passages = index.exact_scores(np.arange(index.n), np.array(saved.weights.w))
        starts = np.searchsorted(corpus.document_rows, np.arange(corpus.n_documents))
        scores += np.maximum.reduceat(of_passages, starts)
    if saved.words is not None:
        scores += word_scores(saved.words, counts_in(corpus, saved.words))
    return scores


def word_scores(words: SavedWords, counts: TermCounts) -> NDArray[np.float64]:
    """Return the words' part of the scores of texts, ``(n_texts,)``."""
    idf, coefficients = np.array(list(words.terms.values())).reshape(-1, 2).T
    norms = _norms(counts.n_words[counts.texts], words.mean_n_words)
    weights = _weights(idf[counts.terms], counts.counts, norms).astype(np.float64)
    n_texts = len(counts.n_words)
    return np.bincount(counts.texts, coefficients[counts.terms] * weights, n_texts).astype(np.float64)


def counts_in(corpus: Corpus, words: SavedWords) -> TermCounts:
    """Return how often the terms of a saved search stand in the documents of a corpus.

    The words index of the corpus answers at once if its texts are analysed in the same language; else all texts are.
    """
    index = corpus.words
    if (index.header.analysis, index.language) != (analysis_version(), words.language):
        return count_terms(_texts(corpus), words.language, tuple(words.terms))
    counts, doubtful = _counts_by_index(index, tuple(words.terms))
    if not doubtful.size:
        return counts
    again = count_terms(
        (corpus.document(row).full_text for row in doubtful.tolist()), words.language, tuple(words.terms)
    )
    kept = ~np.isin(counts.texts, doubtful)
    return TermCounts(
        np.concatenate([counts.texts[kept], doubtful[again.texts]]),
        np.concatenate([counts.terms[kept], again.terms]),
        np.concatenate([counts.counts[kept], again.counts]),
        counts.n_words,
    )


def _counts_by_index(index: WordsIndex, terms: Sequence[str]) -> tuple[TermCounts, NDArray[np.int64]]:
    """Return the counts that the weights of a words index were made of, and the documents where several fit one.

    A weight in half precision tells small counts apart; only the large counts of a short document share one.
    """
    numbers = index.numbers(terms)
    known = np.flatnonzero(numbers >= 0)
    documents, weights, starts = index.postings(numbers[known].tolist())
    columns = np.repeat(known, np.diff(starts))
    idf = idf_of(index.document_counts(numbers), index.n_documents)[columns]
    norms = _norms(index.n_words[documents], float(index.n_words.mean(dtype=np.float64)))
    reached = weights / np.maximum(idf, np.finfo(np.float64).tiny)
    counts = np.rint(reached * norms / np.maximum(K1 + 1 - reached, 1e-9)).clip(1, MOST_COUNT)
    fits = _weights(idf, counts, norms) == weights
    alone = (_weights(idf, counts + 1, norms) != weights) & (_weights(idf, counts - 1, norms) != weights)
    doubtful = np.unique(documents[~(fits & alone)]).astype(np.int64)
    found = TermCounts(documents.astype(np.int64), columns, counts.astype(np.int64), index.n_words.astype(np.int64))
    return found, doubtful


def _norms(n_words: NDArray[np.integer[Any]], mean_n_words: float) -> NDArray[np.float64]:
    return np.asarray(K1 * (1 - B + B * n_words / (mean_n_words or 1.0)), np.float64)


def _weights(
    idf: NDArray[np.float64], counts: NDArray[np.number[Any]], norms: NDArray[np.float64]
) -> NDArray[np.float16]:
    """Return BM25 weights as a words index has them."""
    return np.asarray(idf * counts * (K1 + 1) / (counts + norms), np.float16)


def _texts(corpus: Corpus) -> "chain[str]":
    return chain.from_iterable(chunk.to_pylist() for chunk in corpus.documents["text"].chunks)
