"""SearchEngine: the documents of a corpus ranked for a query and its marks, by one linear scorer."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.filters import Filters, Selection
from exemplar.data.corpus.store import DocumentStore, row_in
from exemplar.data.encoders.base import Encoder, EncoderInfo
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.caching import weakly_cached
from exemplar.retrieval.copies.exact import checked_marks, copies_of, with_examples
from exemplar.retrieval.examples import ExampleMaker
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.index.base import Index
from exemplar.retrieval.index.dense import index_in_memory
from exemplar.retrieval.index.threads import one_blas_thread
from exemplar.retrieval.index.words import Words
from exemplar.retrieval.query_encoder import KnownVectors, QueryEncoder
from exemplar.retrieval.rankers import (
    DEFAULT_RANKER,
    LEARNING,
    RANKERS,
    WITHOUT_VECTORS,
    Examples,
    Ranker,
    Scorer,
    scorer,
)
from exemplar.retrieval.ranking import DocumentQuery, Query, Ranking, Result, result_of
from exemplar.retrieval.svm.fit import Until

_CACHED = 256  # trainings, and rankings
_LONGEST_CACHED = 1000  # documents of a cached ranking
_SPARE = 100  # documents by which a ranking that ignores marks is longer, lest a mark rank it anew
_CACHED_SELECTED = 4_000_000  # rows of all cached selections, 16 bytes a row


@dataclass(frozen=True, slots=True, eq=False)
class _Training:
    """A scorer, and its training time in seconds."""

    scorer: Scorer
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class _Top:
    """The best documents by a scorer, best first, with the rows of their best passages, and the ranking time."""

    passages: NDArray[np.intp]
    scores: NDArray[np.float64]
    doc_ids: tuple[str, ...]
    rows: tuple[int, ...]
    texts: tuple[int, ...]
    n_candidates: int
    n_texts: int
    seconds: float


class SearchEngine:
    """Ranks the documents of a corpus, each by its best passage.

    Parameters
    ----------
    load_encoder
        Loads the encoder that the corpus was built with, when the first typed query needs it.
    index
        The index of the corpus's passages; by default, one over the vectors in memory.
    words
        The words of the documents; by default, those of the corpus's own words index.
    known
        Vectors of that encoder, of texts that need not be embedded.
    """

    def __init__(
        self,
        corpus: DocumentStore,
        load_encoder: Callable[[EncoderInfo], Encoder] | None = None,
        index: Index | None = None,
        words: Words | None = None,
        known: KnownVectors | None = None,
    ) -> None:
        self.corpus = corpus
        self.index = index or index_in_memory(corpus)
        self._load_encoder = load_encoder
        self._query_encoder = QueryEncoder(corpus, load_encoder, known)
        self._examples = ExampleMaker(corpus, self.index, self._query_encoder, words)
        # A mark must not rank kNN again, the next page must not train again, and no mark need filter again.
        self._cached_training = weakly_cached(self._train, _CACHED)
        self._cached_top = weakly_cached(self._top, _CACHED)
        self._select = weakly_cached(corpus.select, max(2, min(32, _CACHED_SELECTED // max(1, self.index.n))))

    @property
    def encoder(self) -> Encoder:
        """The corpus's encoder, loaded at the first use; raises EncoderMismatch if the model has changed."""
        return self._query_encoder.encoder

    def knowing(self, known: KnownVectors) -> "SearchEngine":
        """Return another engine over the same corpus and index, which need not embed some texts."""
        return SearchEngine(self.corpus, self._load_encoder, self.index, self.words, known)

    @property
    def rankers(self) -> tuple[Ranker, ...]:
        """The rankers that can rank the corpus: without vectors, those that use words."""
        return WITHOUT_VECTORS if self.corpus.manifest.vectors == "none" else RANKERS

    @property
    def words(self) -> Words | None:
        """The words of the documents; None if the corpus has none."""
        return self._examples.words

    def search(
        self,
        query: Query,
        feedback: Feedback | None = None,
        *,
        ranker: Ranker = DEFAULT_RANKER,
        k: int = 10,
        skip: int = 0,
        depth: int = 0,
        C: float | None = None,
        until: Until = "settled",
        filters: Filters | None = None,
        without: Iterable[str] = (),
        earlier: Sequence[Query] = (),
    ) -> Ranking:
        """Rank the documents for a query; the same inputs give the same ranking.

        ``knn`` scores by the cosine to the query and ignores the marks, so that it shows what the marks change. ``svm``
        scores by the margin of the exemplar SVM of query and positives against the rest. ``anchored`` is the same SVM
        held close to the mean of query and positives. The results leave out a document that is the query.

        Documents with the same title and text are one result, the best of them, and one mark on any of them counts for
        all. A mark applies to the document's passage that is nearest to the query. The document's other passages, its
        exact copies, and what is marked as unsure count neither for nor against. If the query is a document, the mean
        of its passages represents it, and the mean of a positive's passages represents the positive. A typed query that
        is longer than the model's input is represented by the mean of its passages too.

        Parameters
        ----------
        k, skip
            Return k results, from rank ``skip + 1`` on; with 0, no document is read.
        depth
            The least length of ``Ranking.doc_ids``, if the corpus has as many documents.
        C
            The weight of the loss, as on a corpus of 1,000 documents, whatever the size of this corpus; None takes the
            default of the ranker for the number of marks.
        until
            Train until the top of the ranking has settled, or to the exact optimum.
        filters
            Rank only documents that pass. Training still uses the full corpus.
        without
            Documents to leave out with their copies, by ``doc_id``; ids that the corpus does not have are ignored.
        earlier
            Queries to which this one was added. They train as positives do: a typed one by its vector and its words, a
            document as one that is marked as relevant, unless its text is marked already, is the query's own, or is no
            longer in the corpus. The rankers that leave marks aside leave them aside too.

        Raises
        ------
        ExemplarError
            A query is empty, the ranker unknown, C not positive, a document is not in the corpus, or copies of one
            text have different marks.
        EncoderMismatch
            The model that the corpus names has changed since the build.
        """
        if k < 0 or skip < 0:
            raise ExemplarError(f"the number of results must be at least 0, got {k}, and skip at least 0, got {skip}")
        training = self._training(query, earlier, feedback or Feedback(), ranker, C, until)
        itself = self._copies([self.corpus.row(query.doc_id)] if isinstance(query, DocumentQuery) else [])
        left_out = itself | self._copies(self.corpus.rows_of(without).values())
        last = max(skip + k, depth)
        top = self._top_without(training, last, itself, left_out, filters or None)
        page = slice(skip, skip + k)
        return Ranking(
            query,
            ranker,
            results=self._results(skip + 1, top.passages[page], top.scores[page]),
            seconds=training.seconds + top.seconds,
            scorer=training.scorer,
            doc_ids=top.doc_ids,
            rows=top.rows,
            scores=tuple(top.scores.tolist()),
            texts=top.texts,
            n_candidates=top.n_candidates,
            n_texts=top.n_texts,
            vectors=self.corpus.manifest.vectors,
        )

    def within(self, feedback: Feedback) -> Feedback:
        """Return the marks on documents that the corpus has."""
        return feedback.within(self.corpus.rows_of(feedback.marked))

    def scores(self, weights: Scorer, doc_ids: Sequence[str]) -> list[float]:
        """Return the scores of documents, each by its best passage."""
        rows = self.corpus.rows_of(doc_ids)
        passages = [self.corpus.passages_of(row_in(rows, doc_id, self.corpus.manifest.name)) for doc_id in doc_ids]
        if not passages:
            return []
        scores = self._scores(weights, np.concatenate(passages))
        starts = np.cumsum([0, *map(len, passages[:-1])])
        best: list[float] = np.maximum.reduceat(scores, starts).tolist()
        return best

    def result(self, weights: Scorer, doc_id: str) -> Result:
        """Return a document as a result outside a ranking, with rank 0."""
        passages = self.corpus.passages_of(self.corpus.row(doc_id))
        scores = self._scores(weights, passages)
        best = int(scores.argmax())
        return self._results(0, np.array([passages[best]]), scores[best : best + 1])[0]

    def sample(self, n: int, seed: int, filters: Filters | None = None) -> list[str]:
        """Return n different random documents that pass the filters, by ``doc_id``; all if at most n pass."""
        return self.corpus.doc_ids(self._select(filters or Filters()).draw(n, seed))

    def passing(self, filters: Filters | None, without: Iterable[str] = ()) -> list[str]:
        """Return the documents that pass the filters by ``doc_id``, in the corpus's order.

        ``without`` leaves documents out with their copies, as for ``search``.
        """
        rows = self._select(filters).rows if filters else np.arange(self.corpus.n_documents)
        left_out = self._copies(self.corpus.rows_of(without).values())
        return self.corpus.doc_ids(np.setdiff1d(rows, np.array(list(left_out), np.intp), assume_unique=True))

    def n_passing(self, filters: Filters | None) -> int:
        """Return how many documents pass the filters."""
        return self._select(filters).n_documents if filters else self.corpus.n_documents

    def count_passing(self, doc_ids: Iterable[str], filters: Filters | None) -> int:
        """Return how many of some documents pass the filters; those that the corpus does not have don't."""
        rows = list(self.corpus.rows_of(doc_ids).values())
        return self._select(filters).count(rows) if filters else len(rows)

    def examples(
        self,
        query: Query,
        feedback: Feedback,
        itself: str | None = None,
        left_out: Sequence[int] = (),
        earlier: Sequence[str] = (),
    ) -> Examples:
        """Return the input of rankers, see ``ExampleMaker.examples``."""
        return self._examples.examples(query, feedback, itself, left_out, earlier)

    def top_passages(
        self,
        weights: Scorer,
        k: int,
        without: Sequence[int] = (),
        selection: Selection | None = None,
        *,
        one_a_text: bool = False,
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the best passages of the k best documents, best first, and their scores.

        Parameters
        ----------
        without
            The rows of documents to leave out.
        selection
            The only documents that may come back.
        one_a_text
            Return the best of the documents with the same text alone.
        """
        index, w = self._joined(weights)
        exclude = self.corpus.passages_of_all(np.unique(np.asarray(without, dtype=np.intp)))
        within = None if selection is None else selection.within
        per_document = -(-self.index.n // max(1, self.corpus.n_documents))
        n_passages = k * per_document
        if not k:
            return np.empty(0, np.intp), np.empty(0)
        while True:
            rows, scores = index.top_k(w, n_passages, b=weights.b, exclude=exclude, within=within, above=weights.above)
            documents = self.corpus.passages_at(rows)[:, 0]
            keys = self.corpus.text_numbers(documents) if one_a_text else documents
            _, first = np.unique(keys, return_index=True)
            if len(first) >= k or rows.size < n_passages:
                best = np.sort(first)[:k]
                return rows[best], scores[best]
            n_passages *= 2

    def _joined(self, weights: Scorer) -> tuple[Index, NDArray[np.floating[Any]]]:
        """Return the index whose rows a scorer's weights apply to, and the weights."""
        if weights.words is None or self.words is None:
            return self.index, weights.w
        return self.words.joined(weights.words.terms), np.append(weights.w, weights.words.w)

    def _scores(self, weights: Scorer, passages: Sequence[int] | NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the scores of some passages."""
        index, w = self._joined(weights)
        return np.asarray(index.features(passages).precise().dot(w) + weights.b, np.float64)

    def query_vector(self, query: Query) -> NDArray[np.float32]:
        """Return the vector of a query, ``(dim,)``; a typed query is encoded once."""
        return self._examples.query_vector(query)

    def passage_vectors(self, text: str) -> NDArray[np.float32]:
        """Return the vectors of the passages of a text that the corpus does not have, ``(n_passages, dim)``."""
        return self._query_encoder.passages(text)

    def _training(
        self,
        query: Query,
        earlier: Sequence[Query],
        feedback: Feedback,
        ranker: Ranker,
        C: float | None,
        until: Until,
    ) -> _Training:
        """Return the cached training of a query and its marks."""
        if ranker not in RANKERS:
            raise ExemplarError(f"the ranker is one of {', '.join(RANKERS)}; got '{ranker}'")
        if ranker not in self.rankers:
            raise ExemplarError(
                f"the corpus '{self.corpus.manifest.name}' has no vectors yet; rank by {', '.join(self.rankers)}"
            )
        marks = checked_marks(feedback, self.corpus)  # kNN ignores them, but must refuse unknown ones too
        if ranker not in LEARNING:
            return self._cached_training(query, (), Feedback(), ranker, C, until)
        texts = tuple(dict.fromkeys(each for each in earlier if isinstance(each, str) and each != query))
        marks = with_examples(marks, [each for each in earlier if isinstance(each, DocumentQuery)], self.corpus)
        return self._cached_training(query, texts, marks, ranker, C, until)

    def _train(
        self,
        query: Query,
        earlier: tuple[str, ...],
        feedback: Feedback,
        ranker: Ranker,
        C: float | None,
        until: Until,
    ) -> _Training:
        if ranker != "words":
            for typed in (query, *earlier):
                self.query_vector(typed)  # encodes before the clock starts
        start = time.perf_counter()
        copies = sorted(self._copies(self.corpus.rows_of(feedback.marked).values()))
        if isinstance(query, DocumentQuery):  # a mark on a copy of it adds as little as one on itself
            itself = copies_of([query.doc_id], self.corpus).get(query.doc_id, ())
            feedback = feedback.within(set(feedback.marked).difference(itself))
        with one_blas_thread():
            if ranker == "words":
                needed = self._examples.by_words(query)
            else:
                needed = self.examples(query, feedback, left_out=copies, earlier=earlier)
            weights = scorer(ranker, needed, C=C, until=until)
        return _Training(weights, time.perf_counter() - start)

    def _copies(self, rows: Iterable[int]) -> frozenset[int]:
        """Return documents and their copies."""
        return frozenset(chain.from_iterable(self.corpus.copies_of(list(rows))))

    def _top_without(
        self,
        training: _Training,
        k: int,
        itself: frozenset[int],
        left_out: frozenset[int],
        filters: Filters | None,
    ) -> _Top:
        """Return the top without some documents, among them ``itself``, the query."""
        spare = _SPARE * -(-len(left_out - itself) // _SPARE)
        if k > _LONGEST_CACHED:
            return self._top(training, k, left_out, filters)
        if training.scorer.svm or training.scorer.above is not None or k + spare > _LONGEST_CACHED:
            return self._cached_top(training, k, left_out, filters)
        whole = self._cached_top(training, k + spare, itself, filters)
        kept = [place for place, row in enumerate(whole.rows) if row not in left_out]
        selection = self._select(filters) if filters else None
        is_all = len(whole.rows) < k + spare
        return _Top(
            whole.passages[kept[:k]],
            whole.scores[kept[:k]],
            tuple(whole.doc_ids[place] for place in kept[:k]),
            tuple(whole.rows[place] for place in kept[:k]),
            tuple(whole.texts[place] for place in kept[:k]),
            self._n_candidates(selection, left_out),
            len(kept) if is_all else self._n_texts(selection, left_out),
            whole.seconds,
        )

    def _top(self, training: _Training, k: int, left_out: frozenset[int], filters: Filters | None) -> _Top:
        start = time.perf_counter()
        selection = self._select(filters) if filters else None
        # A list by words may end anywhere, and pages need to know where.
        reach = k if training.scorer.above is None else max(k, _LONGEST_CACHED)
        passages, scores = self.top_passages(training.scorer, reach, sorted(left_out), selection, one_a_text=True)
        n_texts = self._n_texts(selection, left_out) if len(passages) == reach else len(passages)
        passages, scores = passages[:k], scores[:k]
        rows = self.corpus.passages_at(passages)[:, 0]
        return _Top(
            passages,
            scores,
            tuple(self.corpus.doc_ids(rows)),
            tuple(rows.tolist()),
            tuple(self.corpus.text_numbers(rows).tolist()),
            self._n_candidates(selection, left_out),
            n_texts,
            time.perf_counter() - start,
        )

    def _n_candidates(self, selection: Selection | None, left_out: frozenset[int]) -> int:
        if selection is None:
            return self.corpus.n_documents - len(left_out)
        return selection.n_documents - selection.count(left_out)

    def _n_texts(self, selection: Selection | None, left_out: frozenset[int]) -> int:
        """Return how many texts are ranked; ``left_out`` has all copies of its texts."""
        if selection is None:
            return self.corpus.n_texts - len(set(self.corpus.text_numbers(sorted(left_out)).tolist()))
        return selection.n_texts - selection.count_texts(left_out)

    def _results(self, first: int, passages: NDArray[np.intp], scores: NDArray[np.float64]) -> tuple[Result, ...]:
        """Return passages as results, with ranks from ``first`` on."""
        if not passages.size:
            return ()
        spans = self.corpus.passages_at(passages).tolist()
        documents = self.corpus.documents_at([row for row, _, _ in spans])
        copies = copies_of([document.doc_id for document in documents], self.corpus)
        ranked = enumerate(zip(documents, scores, spans, strict=True), start=first)
        return tuple(
            result_of(rank, document, float(score), start, end, copies.get(document.doc_id, ()))
            for rank, (document, score, (_, start, end)) in ranked
        )
