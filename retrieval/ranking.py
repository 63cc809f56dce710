"""Queries and rankings as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from exemplar.data.documents import Document
from exemplar.data.encoders.base import VectorKind
from exemplar.retrieval.rankers import Ranker, Scorer


@dataclass(frozen=True, slots=True)
class DocumentQuery:
    """A document of the corpus used as the query: "more like this".

    Attributes
    ----------
    text_hash
        Of the document's text when it became the query; None if it is not known.
    """

    doc_id: str
    text_hash: str | None = field(default=None, compare=False)


Query = str | DocumentQuery


@dataclass(frozen=True, slots=True)
class Result:
    """One document of a ranking.

    Attributes
    ----------
    rank
        Counts from 1.
    score
        The score of the document's best passage; higher is better.
    passage, start
        The best passage without the title, and its first character in ``text``, the document's text; the passage is
        empty if it is the title alone.
    copies
        The other documents with the same title and text, by ``doc_id``.
    """

    rank: int
    doc_id: str
    score: float
    labels: tuple[str, ...]
    text: str
    passage: str
    start: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)
    title: str | None = None
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranking:
    """The best documents for a query, best first; of exact copies, the best one alone.

    Attributes
    ----------
    results
        The requested page.
    doc_ids, scores
        Every document from the first to the end of the page, or to the requested depth, and its score.
    rows
        The corpus's row of each of these.
    texts
        A number for the text of each of these; two rankings of a corpus have a text in common where the numbers are
        equal, also if each has another copy of it.
    n_candidates
        How many documents were ranked.
    n_texts
        How many different texts these have, which is the length of the whole ranking; over Milvus, if the ranking does
        not end here, it is ``n_candidates``.
    seconds
        The time to train and rank, without encoding the query; a cached ranking has the time of its first computation.
    vectors
        The kind of vectors that were used beside words.
    scorer
        The scorer of all documents. Its ``svm`` is the classifier with its training figures; knn has none.
    """

    query: Query
    ranker: Ranker
    results: tuple[Result, ...]
    seconds: float
    scorer: Scorer
    doc_ids: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    texts: tuple[int, ...] = ()
    n_candidates: int = 0
    n_texts: int = 0
    vectors: VectorKind = "full"
    rows: tuple[int, ...] = ()

    @property
    def time_in_words(self) -> str:
        """The time in milliseconds, such as ``12 ms``."""
        return f"{1000 * self.seconds:.0f} ms"

    @property
    def cost_in_words(self) -> str:
        """Time and training figures, such as ``12 ms · 2 scans · 9,913 support rows · settled``."""
        svm = self.scorer.svm
        if svm is None:
            return self.time_in_words
        scans = "1 scan" if svm.scans == 1 else f"{svm.scans} scans"
        stopped = "ended early" if svm.stopped == "budget" else svm.stopped
        return f"{self.time_in_words} · {scans} · {svm.support:,} support rows · {stopped}"


def result_of(rank: int, document: Document, score: float, start: int, end: int, copies: Sequence[str]) -> Result:
    """Return a document as a result.

    Parameters
    ----------
    start, end
        The bounds of its best passage in its full text.
    copies
        All documents with its text, by ``doc_id``, with or without itself.
    """
    start, end = (max(0, bound - document.text_start) for bound in (start, end))
    return Result(
        rank,
        document.doc_id,
        score,
        document.labels,
        document.text,
        passage=document.text[start:end],
        start=start,
        metadata=document.metadata,
        title=document.title,
        copies=tuple(doc_id for doc_id in copies if doc_id != document.doc_id),
    )
