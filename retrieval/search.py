"""SearchEngine: query + feedback -> ranking, by one weight vector a ranker."""

import functools
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.filters import Filters, Selection
from exemplar.data.corpus.store import DocumentStore, row_in
from exemplar.data.encoders.base import Encoder, EncoderInfo
from exemplar.data.encoders.sentence_transformer import load_encoder
from exemplar.data.errors import EncoderMismatch, ExemplarError
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.index.base import Index
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.index.threads import one_blas_thread
from exemplar.retrieval.rankers import DEFAULT_RANKER, RANKERS, Examples, Ranker, Scorer, middle, scorer
from exemplar.retrieval.svm.fit import Until

_LONGEST = 1_000_000  # characters of a query
_MOST_KEPT = 1000  # documents of a ranking that is kept
_SELECTED = 4_000_000  # rows of selections that are kept, 16 bytes each


@dataclass(frozen=True, slots=True)
class DocumentQuery:
    """A document of the corpus used as the query: "more like this"."""

    doc_id: str


Query = str | DocumentQuery


@dataclass(frozen=True, slots=True)
class Result:
    """One document of a ranking; ``rank`` counts from 1, a higher ``score`` is better.

    The score is that of its best passage, which is ``passage`` and begins at ``start`` in ``text``, the document's own.
    """

    rank: int
    doc_id: str
    score: float
    label: str | None
    text: str
    passage: str
    start: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The best documents for a query, best first.

    Attributes
    ----------
    results
        The page that was asked for.
    doc_ids, scores
        Every document from the first on, to the end of the page and as far as was asked, and its score.
    n_candidates
        How many documents there are to rank.
    seconds
        The time to rank, without encoding the query; what was known from before counts as it did then.
    scorer
        What ranks them. Its ``svm`` is the classifier and what its training took; knn has none.
    """

    query: Query
    ranker: Ranker
    results: tuple[Result, ...]
    seconds: float
    scorer: Scorer
    doc_ids: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    n_candidates: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Trained:
    """A scorer, and the seconds it took to train."""

    scorer: Scorer
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class _Ranked:
    """The best documents by a scorer, best first, by the rows of their best passages, and the seconds it took."""

    passages: NDArray[np.intp]
    scores: NDArray[np.float64]
    doc_ids: tuple[str, ...]
    n_candidates: int
    seconds: float


def took(ranking: Ranking) -> str:
    """Return what a ranking took, for people: ``12 ms · 2 scans · 9,913 support rows · settled``."""
    time_taken = f"{1000 * ranking.seconds:.0f} ms"
    svm = ranking.scorer.svm
    if svm is None:
        return time_taken
    scans = "1 scan" if svm.scans == 1 else f"{svm.scans} scans"
    stopped = "ended early" if svm.stopped == "budget" else svm.stopped
    return f"{time_taken} · {scans} · {svm.support:,} support rows · {stopped}"


class SearchEngine:
    """Ranks the documents of a corpus, each by its best passage.

    Parameters
    ----------
    load_encoder
        Loads the encoder that the corpus was built with, when the first typed query needs it.
    """

    def __init__(
        self,
        corpus: DocumentStore,
        load_encoder: Callable[[EncoderInfo], Encoder] | None = None,
        index: Index | None = None,
    ) -> None:
        self.corpus = corpus
        self.index = index or _in_memory(corpus)
        self._load_encoder = load_encoder or _load_encoder
        # A mark ranks again, but need not encode again, nor change what kNN says; a page further need not train.
        self._encode = functools.lru_cache(maxsize=256)(self._encode_text)
        self._train_once = functools.lru_cache(maxsize=256)(self._train)
        self._ranked = functools.lru_cache(maxsize=256)(self._rank)
        n_selections = max(2, min(32, _SELECTED // max(1, self.index.n)))
        self._select = functools.lru_cache(maxsize=n_selections)(self._find_matching)

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
    ) -> Ranking:
        """Rank the documents for a query; the same inputs give the same ranking.

        ``knn`` scores by the cosine to the query, and leaves the marks aside: it is what the marks are compared
        with. ``svm`` scores by the margin of the exemplar SVM of query and positives against the rest. ``anchored``
        is the same SVM held close to the mean of query and positives. A document that is the query does not come back.

        What a mark says, it says of the document's passage that is nearest to the query; its other passages, like
        exact duplicates of a positive's text, are neither for nor against. A document that is the query stands for
        the mean of its passages, and so do the positives then.

        Parameters
        ----------
        k, skip
            So many results, from the one of rank ``skip + 1`` on.
        depth
            How far ``Ranking.doc_ids`` must reach at least.
        C
            How much weight the loss has on a corpus of 1,000 documents, whatever the corpus; by itself what suits the
            ranker and the number of marks.
        until
            Train until the top of the ranking has settled, or to the exact optimum.
        filters
            Only documents that pass are ranked. What is learnt is learnt from the whole corpus all the same.
        without
            Documents that are not ranked either, by ``doc_id``; what isn't in the corpus is passed over.

        Raises
        ------
        ExemplarError
            The query is empty, the ranker unknown, C not positive, or a document is not in the corpus.
        EncoderMismatch
            The model that the corpus names now gives vectors of another kind.
        """
        if k < 1 or skip < 0:
            raise ExemplarError(f"the number of results must be at least 1, got {k}, and none are skipped below 0")
        trained = self._trained(query, feedback or Feedback(), ranker, C, until)
        left_out = set(self.corpus.rows_of(without).values())
        if isinstance(query, DocumentQuery):
            left_out.add(self.corpus.row(query.doc_id))
        last = max(skip + k, depth)
        rank = self._ranked if last <= _MOST_KEPT else self._rank
        ranked = rank(trained, last, frozenset(left_out), filters or None)
        page = slice(skip, skip + k)
        results = self._results(skip + 1, ranked.passages[page], ranked.scores[page])
        seconds = trained.seconds + ranked.seconds
        found = ranked.doc_ids, tuple(ranked.scores.tolist())
        return Ranking(query, ranker, results, seconds, trained.scorer, *found, ranked.n_candidates)

    def within(self, feedback: Feedback) -> Feedback:
        """Return the marks on documents of this corpus alone."""
        return feedback.within(self.corpus.rows_of((*feedback.positives, *feedback.negatives)))

    def scores(self, weights: Scorer, doc_ids: Sequence[str]) -> list[float]:
        """Return the score of documents, each by its best passage."""
        rows = self.corpus.rows_of(doc_ids)
        passages = [self.corpus.passages_of(row_in(rows, doc_id, self.corpus.manifest.name)) for doc_id in doc_ids]
        if not passages:
            return []
        vectors = self.index.vectors(np.concatenate([np.array(of_it) for of_it in passages]))
        scores = vectors.astype(np.float64) @ weights.w + weights.b
        starts = np.cumsum([0, *map(len, passages[:-1])])
        best: list[float] = np.maximum.reduceat(scores, starts).tolist()
        return best

    def result(self, weights: Scorer, doc_id: str) -> Result:
        """Return a document as a result without a rank, which is 0."""
        passages = self.corpus.passages_of(self.corpus.row(doc_id))
        scores = self.index.vectors(passages).astype(np.float64) @ weights.w + weights.b
        best = int(scores.argmax())
        return self._results(0, np.array([passages[best]]), scores[best : best + 1])[0]

    def sample(self, n: int, seed: int, filters: Filters | None = None) -> list[str]:
        """Return n random documents that pass the filters, by ``doc_id``, none twice; all where there are no more."""
        return self.corpus.doc_ids(self._select(filters or Filters()).draw(n, seed))

    def _trained(self, query: Query, feedback: Feedback, ranker: Ranker, C: float | None, until: Until) -> _Trained:
        """Return the scorer of a query and its marks; it is kept for the next time."""
        if ranker not in RANKERS:
            raise ExemplarError(f"the ranker is one of {', '.join(RANKERS)}; got '{ranker}'")
        marks = Feedback() if ranker == "knn" else feedback
        marked = (*feedback.positives, *feedback.negatives)
        there = self.corpus.rows_of(marked)
        for doc_id in marked:
            row_in(there, doc_id, self.corpus.manifest.name)  # says what is not there, to every ranker
        return self._train_once(query, marks, ranker, C, until)

    def _train(self, query: Query, feedback: Feedback, ranker: Ranker, C: float | None, until: Until) -> _Trained:
        self.query_vector(query)  # encoding is not what a ranking takes
        start = time.perf_counter()
        with one_blas_thread():
            weights = scorer(ranker, self.examples(query, feedback), C=C, until=until)
        return _Trained(weights, time.perf_counter() - start)

    def _rank(self, trained: _Trained, k: int, left_out: frozenset[int], filters: Filters | None) -> _Ranked:
        start = time.perf_counter()
        selection = self._select(filters) if filters else None
        passages, scores = self.top_passages(trained.scorer, k, sorted(left_out), selection)
        doc_ids = self.corpus.doc_ids(self.corpus.passages_at(passages)[:, 0])
        n_candidates = self._n_candidates(selection, left_out)
        return _Ranked(passages, scores, tuple(doc_ids), n_candidates, time.perf_counter() - start)

    def _find_matching(self, filters: Filters) -> Selection:
        """Return the documents that pass; kept, as the next mark asks for the same."""
        return self.corpus.select(filters)

    def _n_candidates(self, selection: Selection | None, left_out: frozenset[int]) -> int:
        if selection is None:
            return self.corpus.n_documents - len(left_out)
        return selection.n_documents - selection.count(left_out)

    def examples(self, query: Query, feedback: Feedback, itself: str | None = None) -> Examples:
        """Return what rankers are given: the query's vector, those of the marked documents, what is no background.

        ``itself`` is a document that a typed query is made of, which is no background either.
        """
        vector = self.query_vector(query)
        itself = query.doc_id if isinstance(query, DocumentQuery) else itself  # it is there as the query
        positives = [self.corpus.row(doc_id) for doc_id in feedback.positives if doc_id != itself]
        negatives = [self.corpus.row(doc_id) for doc_id in feedback.negatives if doc_id != itself]
        examples = positives + ([] if itself is None else [self.corpus.row(itself)])
        texts = [document.text for document in self.corpus.documents_at(examples)] + (
            [query] if isinstance(query, str) else []
        )
        no_background = np.concatenate([examples, negatives, self.corpus.rows_with(texts)]).astype(np.intp)
        return Examples(
            self.index,
            vector,
            self._wanted(positives, query, vector),
            self._nearest_passages(negatives, vector),
            self._passages(no_background),
        )

    def top_passages(
        self, weights: Scorer, k: int, without: Sequence[int] = (), selection: Selection | None = None
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the best passages of the k best documents, best first, and their scores.

        ``without`` holds the rows of documents that must not come back, ``selection`` all that may.
        """
        exclude = self._passages(np.asarray(without, dtype=np.intp))
        allowed = None if selection is None else selection.within
        per_document = -(-self.index.n // max(1, self.corpus.n_documents))
        wanted = k * per_document
        while True:
            rows, scores = self.index.top_k(weights.w, wanted, b=weights.b, exclude=exclude, within=allowed)
            _, first = np.unique(self.corpus.passages_at(rows)[:, 0], return_index=True)
            if len(first) >= k or rows.size < wanted:
                best = np.sort(first)[:k]
                return rows[best], scores[best]
            wanted *= 2

    def query_vector(self, query: Query) -> NDArray[np.float32]:
        """Return the vector of a query, ``(dim,)``; a typed one is encoded once."""
        if isinstance(query, DocumentQuery):
            return self._whole(self.corpus.row(query.doc_id))
        if not query.strip():
            raise ExemplarError("the query is empty: type what you are looking for")
        if len(query) > _LONGEST:
            raise ExemplarError(
                f"the query is longer than {_LONGEST:,} characters: shorten it; only its beginning is read"
            )
        if re.search("[\ud800-\udfff]", query):  # how Python holds bytes that are no UTF-8
            raise ExemplarError("the query holds bytes that are no Unicode text")
        return self._encode(query)

    def _encode_text(self, text: str) -> NDArray[np.float32]:
        vector = self.encoder.encode_query(text)
        vector.flags.writeable = False
        return vector

    @functools.cached_property
    def encoder(self) -> Encoder:
        """The corpus's own encoder, loaded when it is first needed; EncoderMismatch if it has become another."""
        manifest = self.corpus.manifest
        built, encoder = manifest.encoder, self._load_encoder(manifest.encoder)
        loaded = encoder.info
        if (loaded.model, loaded.revision, loaded.dim) != (built.model, built.revision, built.dim):
            raise EncoderMismatch(
                f"the corpus '{manifest.name}' was built with {built.model} (revision {built.revision}, {built.dim} "
                f"dimensions), but {loaded.model} (revision {loaded.revision}, {loaded.dim} dimensions) was loaded; "
                "put the old model back, or build the corpus again and allow it to be replaced",
                hint="replace",
            )
        return encoder

    def _passages(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the rows of all passages of some documents."""
        return np.concatenate([np.empty(0, np.intp), *(np.array(self.corpus.passages_of(int(row))) for row in rows)])

    def _wanted(self, positives: Sequence[int], query: Query, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what is wanted of each positive, ``(n_positives, dim)``: what the query asks for, a passage or all."""
        if not isinstance(query, DocumentQuery):
            return self.index.vectors(self._nearest_passages(positives, vector))
        wanted = [self._whole(row) for row in positives]
        return np.stack(wanted) if wanted else np.empty((0, self.index.dim), np.float32)

    def _whole(self, row: int) -> NDArray[np.float32]:
        """Return the vector that a whole document stands for: the mean of its passages."""
        passages = self.index.vectors(self.corpus.passages_of(row))
        return passages[0] if len(passages) == 1 else middle(passages).astype(np.float32)

    def _nearest_passages(self, rows: Sequence[int], vector: NDArray[np.float32]) -> NDArray[np.intp]:
        """Return the row of that passage of each document which is nearest to a vector."""
        passages = [self.corpus.passages_of(row) for row in rows]
        return np.array([of_it[int((self.index.vectors(of_it) @ vector).argmax())] for of_it in passages], np.intp)

    def _results(self, first: int, passages: NDArray[np.intp], scores: NDArray[np.float64]) -> tuple[Result, ...]:
        """Return results from a rank on, each by its passage."""
        places = self.corpus.passages_at(passages).tolist()
        documents = self.corpus.documents_at([row for row, _, _ in places])
        return tuple(
            Result(
                rank, found.doc_id, float(score), found.label, found.text, found.text[start:end], start, found.metadata
            )
            for rank, (found, score, (_, start, end)) in enumerate(
                zip(documents, scores, places, strict=True), start=first
            )
        )


def _in_memory(corpus: DocumentStore) -> Index:
    if not isinstance(corpus, Corpus):
        raise TypeError("a corpus that is served needs the index that serves it")
    return DenseIndex(corpus.vectors, longest=longest_row(corpus))


def longest_row(corpus: Corpus) -> float:
    """Return a bound of the vectors' lengths."""
    if corpus.manifest.encoder.similarity == "cosine":
        return 1.0
    return float(np.sqrt(np.einsum("ij,ij->i", corpus.vectors, corpus.vectors).max()))


def _load_encoder(built: EncoderInfo) -> Encoder:
    return load_encoder(built.model, precision=built.precision, revision=built.revision)
