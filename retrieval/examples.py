"""Queries and marks to the input of rankers: vectors, words and passages of a corpus."""

import functools
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.store import DocumentStore, row_in
from exemplar.retrieval.caching import weakly_cached
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.index.base import Index
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.index.words import DocumentWords, TextWords, Words
from exemplar.retrieval.query_encoder import QueryEncoder
from exemplar.retrieval.rankers import Examples, ExampleWords, centroid
from exemplar.retrieval.ranking import DocumentQuery, Query

_CACHED_TEXTS = 1024  # the words of queries and marked documents


class ExampleMaker:
    """Makes the input of rankers for the queries and marks on a corpus.

    Parameters
    ----------
    words
        The words of the documents; by default, those of the corpus's own words index.
    """

    def __init__(
        self, corpus: DocumentStore, index: Index, query_encoder: QueryEncoder, words: Words | None = None
    ) -> None:
        self._corpus, self._index, self._query_encoder, self._words = corpus, index, query_encoder, words
        self._text_words = weakly_cached(self._words_of, _CACHED_TEXTS)

    @functools.cached_property
    def words(self) -> Words | None:
        """The words of the documents; None if the corpus has none."""
        if self._words is None and isinstance(self._corpus, Corpus) and isinstance(self._index, DenseIndex):
            self._words = DocumentWords(self._corpus.words, self._index, self._corpus.document_rows)
        return self._words

    def examples(
        self,
        query: Query,
        feedback: Feedback,
        itself: str | None = None,
        left_out: Sequence[int] = (),
        earlier: Sequence[str] = (),
    ) -> Examples:
        """Return query and marks as vectors and words, and the passages outside the background.

        Parameters
        ----------
        itself
            The document that a typed query was made from; it is outside the background too.
        left_out
            The rows of further documents outside the background.
        earlier
            Typed queries that count as positives.
        """
        vector = self.query_vector(query)
        itself = query.doc_id if isinstance(query, DocumentQuery) else itself
        # A mark on the query's own document adds nothing: the document is an example already.
        rows, name = self._corpus.rows_of([*feedback.positives, *feedback.negatives]), self._corpus.manifest.name
        positives = [row_in(rows, doc_id, name) for doc_id in feedback.positives if doc_id != itself]
        negatives = [row_in(rows, doc_id, name) for doc_id in feedback.negatives if doc_id != itself]
        examples = positives + ([] if itself is None else [self._corpus.row(itself)])
        copies = self._corpus.copies_of(examples)
        if typed := [text for text in (query, *earlier) if isinstance(text, str)]:
            copies.append(self._corpus.rows_with(typed).tolist())
        outside = np.concatenate([negatives, left_out, *copies]).astype(np.intp)
        vectors = [
            self._positive_vectors(positives, query, vector),
            self._stacked([self.query_vector(text) for text in earlier]),
            self._text_vectors(feedback.positive_texts, query, vector),
        ]
        return Examples(
            self._index,
            vector,
            np.concatenate(vectors),
            self._nearest_passages(negatives, vector),
            self._corpus.passages_of_all(np.unique(outside)),
            self._text_vectors(feedback.negative_texts, query, vector, nearest=True)
            if feedback.negative_texts
            else None,
            self._example_words(query, itself, positives, earlier, feedback),
        )

    def by_words(self, query: Query) -> Examples:
        """Return the input of the ranker that takes the query's words alone, which needs no encoder."""
        itself = query.doc_id if isinstance(query, DocumentQuery) else None
        none, empty = np.zeros((0, self._index.dim), np.float32), np.empty(0, np.intp)
        words = self._example_words(query, itself, (), (), Feedback())
        return Examples(self._index, np.zeros(self._index.dim, np.float32), none, empty, empty, words=words)

    def query_vector(self, query: Query) -> NDArray[np.float32]:
        """Return the vector of a query, ``(dim,)``; a typed query is encoded once."""
        if isinstance(query, DocumentQuery):
            return self._document_vector(self._corpus.row(query.doc_id))
        return self._query_encoder.vector(query)

    def _example_words(
        self, query: Query, itself: str | None, positives: Sequence[int], earlier: Sequence[str], feedback: Feedback
    ) -> ExampleWords | None:
        """Return the words of the query and of its marks; None if the corpus has no words index."""
        words = self.words
        if words is None:
            return None
        rows = [] if itself is None else [self._corpus.row(itself)]
        text = query if isinstance(query, str) else self._corpus.document(rows[0]).full_text
        marked = [document.full_text for document in self._corpus.documents_at(positives)]
        return ExampleWords(
            words,
            self._text_words(text),
            tuple(map(self._text_words, [*marked, *earlier, *feedback.positive_texts])),  # as their vectors
            tuple(map(self._text_words, feedback.negative_texts)),
            tuple(chain.from_iterable(self._corpus.copies_of(rows))),
        )

    def _words_of(self, text: str) -> TextWords:
        if self.words is None:
            raise TypeError("the corpus has no words index")
        return self.words.of_text(text)

    def _positive_vectors(
        self, positives: Sequence[int], query: Query, vector: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return a vector for every positive, ``(n_positives, dim)``: its nearest passage, or its mean; see search."""
        if not isinstance(query, DocumentQuery):
            return self._index.vectors(self._nearest_passages(positives, vector))
        return self._stacked([self._document_vector(row) for row in positives])

    def _text_vectors(
        self, texts: Sequence[str], query: Query, vector: NDArray[np.float32], *, nearest: bool = False
    ) -> NDArray[np.float32]:
        """Return a vector for every text that no document has, as for a document that has it."""
        passages = [self._query_encoder.passages(text) for text in texts]
        if nearest or not isinstance(query, DocumentQuery):
            return self._stacked([rows[int((rows @ vector).argmax())] for rows in passages])
        return self._stacked([centroid(rows).astype(np.float32) for rows in passages])

    def _stacked(self, vectors: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        return np.stack(vectors) if vectors else np.empty((0, self._index.dim), np.float32)

    def _document_vector(self, row: int) -> NDArray[np.float32]:
        """Return the mean of a document's passages, ``(dim,)``."""
        passages = self._index.vectors(self._corpus.passages_of(row))
        return passages[0] if len(passages) == 1 else centroid(passages).astype(np.float32)

    def _nearest_passages(self, rows: Sequence[int], vector: NDArray[np.float32]) -> NDArray[np.intp]:
        """Return the row of every document's passage that is nearest to a vector; of equal ones the first."""
        different, places = np.unique(np.asarray(rows, np.intp), return_inverse=True)
        if not different.size:
            return different
        # All at once: a thousand marks would take a thousand searches and products.
        passages = self._corpus.passages_of_all(different)
        documents = self._corpus.passages_at(passages)[:, 0]
        order = np.lexsort((-(self._index.vectors(passages) @ vector), documents))
        _, first = np.unique(documents[order], return_index=True)
        nearest: NDArray[np.intp] = passages[order][first][places]
        return nearest
