"""Rank the documents of a corpus by a saved search: by its weights, or trained anew on that corpus."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.store import DocumentStore
from exemplar.data.encoders.base import EncoderInfo
from exemplar.data.errors import EncoderMismatch, ExemplarError
from exemplar.data.words.analysis import analysis_version
from exemplar.retrieval.feedback import Feedback, Mark
from exemplar.retrieval.query_encoder import KnownVectors
from exemplar.retrieval.rankers import Ranker, Scorer
from exemplar.retrieval.ranking import DocumentQuery, Query
from exemplar.retrieval.saved_search.saved import SavedDocument, SavedMark, SavedSearch, text_and_hash
from exemplar.retrieval.saved_search.scores import scores_of_documents
from exemplar.retrieval.saved_search.vectors import SavedVectors, vectors_of_bytes
from exemplar.retrieval.search import SearchEngine


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """The documents of a corpus, ranked by a saved search.

    Attributes
    ----------
    rows
        ``(n_ranked,)``: the documents' rows, best first; equal scores by row. Milvus ranks the first ones alone: see
        ``limit_of_lists``.
    scores
        ``(n_ranked,)``
    comparable
        Whether a text has the score that it had on the corpus of the saved search.
    marks
        The marks of the saved search on texts that the corpus has, by row.
    """

    engine: SearchEngine
    rows: NDArray[np.intp]
    scores: NDArray[np.float64]
    comparable: bool
    marks: Mapping[int, SavedMark] = field(default_factory=dict)

    def computed_otherwise(self, saved: SavedSearch) -> str:
        """Return in a sentence that scores differ a little from those of equal texts elsewhere; or ""."""
        if not self.comparable or not saved.weights.w:
            return ""
        return computed_otherwise(saved.encoder, self.engine.corpus.manifest.encoder)

    def note(self, saved: SavedSearch) -> str:
        """Return in a sentence what one has to know of the vectors; or ""."""
        return self.computed_otherwise(saved) if self.comparable else why_vectors_are_unused(saved, self.engine.corpus)

    def n_passing(self, threshold: float) -> int:
        """Return how many documents have at least a score."""
        return int(np.count_nonzero(self.scores >= threshold))


def apply(saved: SavedSearch, engine: SearchEngine, *, retrain: bool = False, ranker: Ranker | None = None) -> Applied:
    """Rank all documents of an engine's corpus by a saved search, marked ones and copies included.

    By the saved weights, a text has the same score on every corpus. Trained anew, query and marks are embedded where
    the corpus does not have their texts, and words count as they do in this corpus: scores of two corpora then say
    nothing of each other.

    Parameters
    ----------
    ranker
        To train anew; None for the one of the saved search.

    Raises
    ------
    ExemplarError
        The weights do not fit: the corpus has vectors of another model, or words of another version, or Milvus has its
        words; or query or marks can't be embedded.
    """
    if retrain:
        rows, scores = _trained_anew(saved, engine, ranker or saved.ranker)
    elif ranker is not None:
        raise ExemplarError("another ranker than the saved one has to be trained on this corpus", hint="retrain")
    else:
        rows, scores = _by_weights(saved, engine)
    return Applied(engine, rows, scores, not retrain, marks_on(saved, engine.corpus))


def check_fits(saved: SavedSearch, corpus: DocumentStore) -> None:
    """Raise ExemplarError unless the weights of a saved search can rank a corpus."""
    name = corpus.manifest.name
    if saved.words is not None and not isinstance(corpus, Corpus):
        raise ExemplarError(
            f"the corpus '{name}' is in Milvus, which ranks by weights of vectors alone, and this search has weights "
            "of words too",
            hint="retrain",
        )
    if saved.words is not None and saved.words.analysis != analysis_version():
        raise ExemplarError(
            f"the words of this search were found by another version of the analysis ({saved.words.analysis}, here "
            f"{analysis_version()}), and their weights do not apply any more",
            hint="retrain",
        )
    if saved.weights.w and not has_same_vectors(saved.encoder, corpus.manifest.encoder):
        here, there = vectors_in_words(corpus.manifest.encoder), vectors_in_words(saved.encoder)
        raise EncoderMismatch(
            f"the corpus '{name}' has {here}, and this search has weights for {there}; build the corpus with that "
            "model, or leave the weights and train the search on this corpus",
            hint="retrain",
        )


def computed_otherwise(there: EncoderInfo, here: EncoderInfo) -> str:
    """Return in a sentence that vectors here were computed with other numbers than those of a saved search; or ""."""
    if not has_same_vectors(there, here) or _numbers(there) == _numbers(here):
        return ""
    return (
        f"These vectors were computed in {here.precision} by {here.backend}, and those of the saved search in "
        f"{there.precision} by {there.backend}: scores differ by about 0.001."
    )


def marks_on(saved: SavedSearch, corpus: DocumentStore) -> dict[int, SavedMark]:
    """Return the marks of a saved search on texts that a corpus has, by row, every copy included."""
    by_hash = {mark.document.text_hash: mark for mark in saved.marks}
    rows = rows_with(corpus, [mark.document for mark in saved.marks])
    return {row: by_hash[text_hash] for text_hash, of_text in rows.items() for row in of_text}


def rows_with(corpus: DocumentStore, documents: list[SavedDocument]) -> dict[str, list[int]]:
    """Return the rows of the documents of a corpus that have some texts, ascending, by the hashes of the texts."""
    if not documents:
        return {}
    rows = corpus.rows_with([document.marked_text.full_text for document in documents])
    if shortened := {document.text_hash for document in documents if document.marked_text.whole_hash}:
        rows = np.union1d(rows, corpus.rows_with_hashes(shortened))
    wanted = {document.text_hash for document in documents}
    found: dict[str, list[int]] = {}
    for row, text_hash in zip(rows.tolist(), corpus.text_hashes(rows.tolist()), strict=True):
        if text_hash in wanted:
            found.setdefault(text_hash, []).append(row)
    return found


def feedback_on(saved: SavedSearch, corpus: DocumentStore) -> Feedback:
    """Return the marks of a saved search on a corpus: on its documents, and on the texts that it does not have."""
    rows = rows_with(corpus, [mark.document for mark in saved.marks])
    ids: dict[Mark, list[str]] = {"positive": [], "negative": [], "unsure": []}
    texts: dict[Mark, list[str]] = {"positive": [], "negative": [], "unsure": []}
    for mark in saved.marks:
        if of_text := rows.get(mark.document.text_hash):
            ids[mark.mark] += corpus.doc_ids(of_text[:1])
        else:
            texts[mark.mark].append(mark.document.marked_text.full_text)
    positives, negatives, unsure = map(tuple, ids.values())
    return Feedback(positives, negatives, unsure, tuple(texts["positive"]), tuple(texts["negative"]))


def query_on(query: str | SavedDocument, corpus: DocumentStore) -> Query:
    """Return a query of a saved search on a corpus; a document that the corpus does not have is a typed text."""
    if isinstance(query, str):
        return query
    rows = rows_with(corpus, [query]).get(query.text_hash)
    if rows:
        return DocumentQuery(corpus.doc_ids(rows[:1])[0], query.text_hash)
    return query.marked_text.full_text


def _by_weights(saved: SavedSearch, engine: SearchEngine) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    check_fits(saved, engine.corpus)
    corpus = engine.corpus
    if not isinstance(corpus, Corpus):
        weights = Scorer(np.array(saved.weights.w), saved.weights.b, above=saved.weights.above)
        return _all_documents(engine, weights)
    scores = scores_of_documents(saved, corpus)
    rows = np.argsort(-scores, kind="stable")
    if saved.weights.above is not None:
        rows = rows[scores[rows] > saved.weights.above]
    return rows, scores[rows]


def _trained_anew(
    saved: SavedSearch, engine: SearchEngine, ranker: Ranker
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    corpus = engine.corpus
    if saved.vectors is not None and not why_vectors_are_unused(saved, corpus):
        engine = engine.knowing(_known_vectors(saved, saved.vectors))
    ranking = engine.search(
        query_on(saved.query, corpus),
        feedback_on(saved, corpus),
        ranker=ranker if ranker in engine.rankers else "words",
        k=0,
        C=saved.settings.C,
        earlier=tuple(query_on(query, corpus) for query in saved.earlier),
    )
    return _all_documents(engine, ranking.scorer)


def why_vectors_are_unused(saved: SavedSearch, corpus: DocumentStore) -> str:
    """Return in a sentence why the vectors that a saved search has are of no use for a corpus; "" if they are."""
    manifest, unused = corpus.manifest, "The vectors in the saved search were not used:"
    if saved.vectors is None:
        return ""
    if not has_same_vectors(manifest.encoder, saved.encoder):
        here, there = vectors_in_words(manifest.encoder), vectors_in_words(saved.encoder)
        return f"{unused} they are {there}, and this corpus has {here}."
    if manifest.whole != saved.whole:
        here, there = ("a text" if whole else "a passage" for whole in (manifest.whole, saved.whole))
        return f"{unused} there is one for {there}, and this corpus has one for {here}."
    return ""


def _known_vectors(saved: SavedSearch, vectors: SavedVectors) -> KnownVectors:
    dim = saved.encoder.dim
    queries = map(text_and_hash, (saved.query, *saved.earlier))
    marked = [mark.document for mark in saved.marks if mark.document.text_hash in vectors.passages]
    return KnownVectors(
        {text: vectors_of_bytes(vectors.queries[key], dim)[0] for text, key in queries if key in vectors.queries},
        {
            document.marked_text.full_text: vectors_of_bytes(vectors.passages[document.text_hash], dim)
            for document in marked
        },
    )


def _all_documents(engine: SearchEngine, weights: Scorer) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the rows of the documents that an engine ranks, best first, with their scores."""
    passages, scores = engine.top_passages(weights, engine.corpus.n_documents)
    return engine.corpus.passages_at(passages)[:, 0].astype(np.intp), scores


def has_same_vectors(one: EncoderInfo, other: EncoderInfo) -> bool:
    """Return whether the vectors of two encoders are of one space."""
    return _space(one) == _space(other)


def _space(encoder: EncoderInfo) -> tuple[str, str, str, str, int]:
    return encoder.model, encoder.revision, encoder.kind, encoder.similarity, encoder.dim


def _numbers(encoder: EncoderInfo) -> tuple[str, str]:
    return encoder.precision, "" if encoder.precision == "float32" else encoder.backend


def vectors_in_words(encoder: EncoderInfo) -> str:
    """Return what vectors an encoder makes, for people."""
    if encoder.kind == "none":
        return "no vectors yet"
    return f"vectors of {encoder.title} (revision {encoder.revision}, {encoder.dim:,} dimensions)"
