"""A saved search as a value, and its JSON.

The file holds what a person can read, what trains a ranker anew (query, marks with their texts, settings), and what
ranks at once: the trained weights, with the statistics of the words that they were trained with. Scores by these are
the same for a text on whatever corpus it stands.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self, cast

from exemplar.data.corpus.filters import Filters
from exemplar.data.encoders.base import EncoderInfo
from exemplar.data.errors import ExemplarError
from exemplar.data.text import replace_lone_surrogates
from exemplar.retrieval.feedback import MARK_NAMES, Mark
from exemplar.retrieval.rankers import Ranker
from exemplar.retrieval.saved_search.among_marks import AmongMarks
from exemplar.retrieval.saved_search.vectors import SavedVectors
from exemplar.retrieval.sessions.marks import MarkedText
from exemplar.retrieval.sessions.settings import Settings

FORMAT = 1  # increases with every change of the fields

_MARKS: dict[str, Mark] = {name: mark for mark, name in MARK_NAMES.items()}


@dataclass(frozen=True, slots=True)
class SavedDocument:
    """A document with its text.

    Attributes
    ----------
    text_hash
        Of title and text as the corpus has them.
    """

    doc_id: str
    title: str | None
    text: str
    text_hash: str

    @classmethod
    def of(cls, doc_id: str, text: MarkedText) -> Self:
        """Return a document of an id and a text."""
        return cls(doc_id, text.title, text.text, text.text_hash)

    @property
    def marked_text(self) -> MarkedText:
        """Title and text, with the hash."""
        return MarkedText(self.title, self.text).with_hash(self.text_hash)


@dataclass(frozen=True, slots=True)
class SavedMark:
    """A mark on a document, and what was written about it; ``made`` is its time, ISO 8601, or empty."""

    document: SavedDocument
    mark: Mark
    note: str = ""
    reason: str = ""
    reader: str = ""
    made: str = ""


@dataclass(frozen=True, slots=True)
class SavedWeights:
    """A trained scorer of vectors: the score of a document is that of its best passage x, ``w.x``, its words', and b.

    Attributes
    ----------
    w
        One number a dimension; empty if vectors do not take part.
    above
        Only documents with a score above this are ranked; None for all.
    """

    w: tuple[float, ...]
    b: float = 0.0
    above: float | None = None


@dataclass(frozen=True, slots=True)
class SavedWords:
    """The words' part of a scorer, with the statistics that it was trained with.

    A term that stands tf times in a document of n terms adds ``coefficient weight``, where the weight is
    ``idf tf (k1 + 1) / (tf + k1 (1 - b + b n / mean_n_words))`` in half precision, as in a words index; k1 is 1.2, b is
    0.75.

    Attributes
    ----------
    analysis
        The version of the analysis that turns texts into terms.
    language
        As for ``Analyser``.
    terms
        The idf and the coefficient of every term.
    """

    analysis: str
    language: str
    n_documents: int
    mean_n_words: float
    terms: Mapping[str, tuple[float, float]] = field(hash=False)


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search that goes from corpus to corpus.

    Attributes
    ----------
    created
        The time, ISO 8601 in UTC.
    exemplar
        The version that wrote it.
    corpus, corpus_id, n_documents
        The corpus that it comes from.
    encoder, whole
        The encoder of the vectors, and whether every document was one passage.
    query, earlier
        Typed, or a document; those before it, as a session has them.
    ranker
        The ranker that learned the weights, or that needs none to be learned.
    settings, filters
        Those of the session; filters name columns of its own corpus.
    marks
        One a text, the oldest first.
    among_marks
        Cross-validated figures; None if there are too few marks for any.
    threshold
        The least score of a document that passes; None if nobody chose one.
    vectors
        Of the queries and the marked texts, by the encoder; None if they were not asked for.
    """

    title: str
    created: str
    exemplar: str
    corpus: str
    corpus_id: str
    n_documents: int
    encoder: EncoderInfo
    whole: bool
    query: str | SavedDocument
    ranker: Ranker
    settings: Settings
    filters: Filters
    weights: SavedWeights
    words: SavedWords | None = None
    earlier: tuple[str | SavedDocument, ...] = ()
    marks: tuple[SavedMark, ...] = ()
    among_marks: AmongMarks | None = None
    threshold: float | None = None
    vectors: SavedVectors | None = None

    @property
    def query_in_words(self) -> str:
        """The query for people, in one line."""
        text = self.query if isinstance(self.query, str) else f"more like {self.query.doc_id}"
        return " ".join(text.split())

    def n_marked(self, mark: Mark) -> int:
        """Return how many texts have a mark."""
        return sum(each.mark == mark for each in self.marks)

    def to_json(self) -> dict[str, Any]:
        """Return the search as JSON, what people look for first in front."""
        words = self.words
        content = {
            "exemplar_saved_search": FORMAT,
            "title": self.title,
            "created": self.created,
            "exemplar": self.exemplar,
            "corpus": {"name": self.corpus, "id": self.corpus_id, "n_documents": self.n_documents},
            "query": _query_json(self.query),
            "earlier": [_query_json(query) for query in self.earlier],
            "ranker": self.ranker,
            "settings": self.settings.to_json(),
            "filters": self.filters.to_json(),
            "threshold": self.threshold,
            "among_marks": None if self.among_marks is None else self.among_marks.to_json(),
            "encoder": self.encoder.to_json() | {"whole": self.whole},
            "marks": [_mark_json(mark) for mark in self.marks],
            "weights": {"b": self.weights.b, "above": self.weights.above, "w": list(self.weights.w)},
            "words": None
            if words is None
            else asdict(words) | {"terms": {term: list(pair) for term, pair in words.terms.items()}},
        }
        if self.vectors is not None:
            content["vectors"] = self.vectors.to_json()
        cleaned: dict[str, Any] = replace_lone_surrogates(content)
        return cleaned

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Return the search in JSON that fits the schema.

        Raises
        ------
        ExemplarError
            It contradicts itself.
        """
        encoder = dict(content["encoder"])
        whole, info = bool(encoder.pop("whole")), EncoderInfo.from_json(encoder)
        weights, words, corpus = content["weights"], content["words"], content["corpus"]
        if weights["w"] and (info.kind == "none" or len(weights["w"]) != info.dim):
            n = 0 if info.kind == "none" else info.dim
            raise ExemplarError(f"it has {len(weights['w']):,} weights for vectors of {n:,} dimensions")
        marks = tuple(map(_mark_of, content["marks"]))
        if len({mark.document.text_hash for mark in marks}) < len(marks):
            raise ExemplarError("it marks a text twice")
        if len({mark.document.doc_id for mark in marks}) < len(marks):
            raise ExemplarError("it marks an id twice")
        figures = content["among_marks"]
        return cls(
            title=content["title"],
            created=content["created"],
            exemplar=content["exemplar"],
            corpus=corpus["name"],
            corpus_id=corpus["id"],
            n_documents=corpus["n_documents"],
            encoder=info,
            whole=whole,
            query=_query_of(content["query"]),
            ranker=cast("Ranker", content["ranker"]),
            settings=Settings.from_json(content["settings"]),
            filters=Filters.from_json(content["filters"]),
            weights=SavedWeights(tuple(map(float, weights["w"])), float(weights["b"]), weights["above"]),
            words=None if words is None else _words_of(words),
            earlier=tuple(map(_query_of, content["earlier"])),
            marks=marks,
            among_marks=None if figures is None else AmongMarks.from_json(figures),
            threshold=content["threshold"],
            vectors=SavedVectors.from_json(content["vectors"], info) if "vectors" in content else None,
        )


def text_and_hash(query: str | SavedDocument) -> tuple[str, str]:
    """Return a query as a typed text, which it is where a corpus does not have it, and the hash of that text."""
    if isinstance(query, SavedDocument):
        return query.marked_text.full_text, query.text_hash
    return query, MarkedText(None, query).text_hash


def check_threshold(threshold: float | None) -> None:
    """Raise ExemplarError if a threshold is no number that a score can reach."""
    if threshold is not None and not math.isfinite(threshold):
        raise ExemplarError(f"a threshold is a score, such as 0.4, and not {threshold}")


def _words_of(content: Mapping[str, Any]) -> SavedWords:
    terms = {term: (float(idf), float(coefficient)) for term, (idf, coefficient) in content["terms"].items()}
    return SavedWords(**{**content, "mean_n_words": float(content["mean_n_words"]), "terms": terms})


def _query_json(query: str | SavedDocument) -> Any:
    return query if isinstance(query, str) else asdict(query)


def _query_of(content: Any) -> str | SavedDocument:
    return content if isinstance(content, str) else SavedDocument(**content)


def _mark_json(mark: SavedMark) -> dict[str, Any]:
    written = {name: getattr(mark, name) for name in ("note", "reason", "reader", "made")}
    return {"mark": MARK_NAMES[mark.mark], **asdict(mark.document), **{k: text for k, text in written.items() if text}}


def _mark_of(content: Mapping[str, Any]) -> SavedMark:
    about = dict(content)
    document = SavedDocument(*(about.pop(name) for name in ("doc_id", "title", "text", "text_hash")))
    return SavedMark(document, _MARKS[about.pop("mark")], **about)
