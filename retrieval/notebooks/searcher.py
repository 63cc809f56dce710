"""Searcher: search, marks and rankings over a data frame, in three lines and without files."""

import warnings
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from exemplar.data.building.in_memory import OnProgress
from exemplar.data.corpus.filters import Filters
from exemplar.data.encoders.base import unit_rows
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.columns import Columns
from exemplar.data.words.languages import language_code
from exemplar.retrieval.feedback import MARK_NAMES, Feedback
from exemplar.retrieval.highlights import SentenceHighlighter
from exemplar.retrieval.in_memory import engine_in_memory
from exemplar.retrieval.notebooks.filtering import filters_of
from exemplar.retrieval.notebooks.frame import Frame, read_frame
from exemplar.retrieval.notebooks.given import GivenVectors, encoder_of_model
from exemplar.retrieval.notebooks.ranking import FrameRanking
from exemplar.retrieval.notebooks.rows import documents_named
from exemplar.retrieval.rankers import DEFAULT_RANKER, Ranker
from exemplar.retrieval.ranking import DocumentQuery, Query
from exemplar.retrieval.search import SearchEngine

Rows = Hashable | Iterable[Any]


class Searcher:
    """Searches a table in memory by the engine of the page, and learns from marks.

    Parameters
    ----------
    model
        The name or folder of a model, a SentenceTransformer, or an ``Encoder``; by default the one that is installed
        with Exemplar.
    whole
        Make every row one passage, of which the model reads the beginning.
    language
        The language of the texts, as an ISO 639-1 code or in English; None to recognise it, ``none`` for no language.

    Examples
    --------
    >>> from exemplar import Searcher
    >>> searcher = Searcher().fit(["a cat sleeps", "stocks fell", "a dog barks"])
    >>> searcher.mark(relevant=0).rank("pets", k=2).to_frame()["text"].tolist()
    ['a cat sleeps', 'a dog barks']
    """

    def __init__(self, model: Any = None, *, whole: bool = False, language: str | None = None) -> None:
        self._model, self._whole, self._language = model, whole, language
        self._fitted: tuple[Frame, SearchEngine, SentenceHighlighter | None] | None = None
        self._feedback = Feedback()

    def fit(
        self,
        data: Any,
        *,
        text: Hashable | None = None,
        title: Hashable | None = None,
        label: Hashable | None = None,
        id: Hashable | None = None,
        vectors: ArrayLike | None = None,
        on_progress: OnProgress | None = None,
    ) -> Self:
        """Take a table: embed its texts and index their words; marks on an earlier table are forgotten.

        Rows without text are left out with a warning; they have no rank.

        Parameters
        ----------
        data
            A DataFrame of pandas or polars, a ``datasets.Dataset``, an Arrow table, a list of texts, or a list of dicts
            with a row each.
        text, title, label, id
            Columns; by default those with a usual name, ``none`` takes no column. Ids matter for marks alone.
        vectors
            ``(n_rows, dim)``: the vectors of all rows, so that no model is loaded. A typed query needs the model that
            made them, as ``Searcher(model=...)``.
        on_progress
            Called with a ``Progress`` while words are indexed and rows are embedded.

        Raises
        ------
        ExemplarError
            It is not a table, no column holds the text, no row has text, or the model can't be loaded.
        """
        requested = Columns(*(None if name is None else str(name) for name in (text, title, label, id)))
        frame = read_frame(data, requested)
        for line in frame.problems.lines():
            warnings.warn(line, stacklevel=2)
        given = None if vectors is None else _checked(vectors, frame)
        encoder = encoder_of_model(self._model) if given is None else GivenVectors(self._model, given.shape[1])
        engine = engine_in_memory(
            frame.documents,
            encoder,
            name="the data",
            whole=self._whole,
            language=None if self._language is None else language_code(self._language),
            vectors=given,
            on_progress=on_progress,
        )
        can_encode = not isinstance(encoder, GivenVectors) or encoder.has_model
        self._fitted = frame, engine, SentenceHighlighter(engine) if can_encode else None
        self._feedback = Feedback()
        return self

    @property
    def engine(self) -> SearchEngine:
        """The engine over the table, whose documents are the rows with text."""
        return self._checked_fit()[1]

    @property
    def marks(self) -> pd.Series:
        """The marks: ``relevant``, ``not relevant`` or ``unsure`` by the label of the row in the frame's index."""
        frame, engine, _ = self._checked_fit()
        marks = {doc_id: MARK_NAMES[mark] for mark, doc_ids in self._feedback.by_mark() for doc_id in doc_ids}
        rows = engine.corpus.rows_of(marks)
        labels = frame.frame.index[frame.positions[list(rows.values())]]
        return pd.Series([marks[doc_id] for doc_id in rows], index=labels, name="mark", dtype=object)

    def mark(self, relevant: Rows = (), not_relevant: Rows = (), *, unsure: Rows = (), clear: Rows = ()) -> Self:
        """Mark rows; a row has one mark, which its exact copies share, and a new mark takes the place of the old one.

        Parameters
        ----------
        relevant, not_relevant, unsure
            One row or several, each by its label in the frame's index, else by its id, else by its position if the
            index has no numbers; or a mask with a bool for every row.
        clear
            Rows that lose their mark.

        Raises
        ------
        ExemplarError
            There is no such row, it has no text, or it is named for two marks.
        """
        frame, engine, _ = self._checked_fit()
        named = [documents_named(rows, frame, engine.corpus) for rows in (relevant, not_relevant, unsure, clear)]
        texts = [set(self._texts(doc_ids)) for doc_ids in named]
        if sum(map(len, texts)) > len(set().union(*texts)):
            raise ExemplarError("a row, or a copy of it, is named for two marks; name it for one")
        new = set().union(*texts)
        kept = {doc_id for doc_id in self._feedback.marked if not new.intersection(self._texts([doc_id]))}
        before = self._feedback.within(kept)
        self._feedback = Feedback(
            before.positives + tuple(named[0]), before.negatives + tuple(named[1]), before.unsure + tuple(named[2])
        )
        return self

    def rank(
        self,
        query: str | None = None,
        *,
        like: Hashable | None = None,
        k: int | None = 10,
        ranker: Ranker = DEFAULT_RANKER,
        C: float | None = None,
        filters: Filters | Mapping[str, Any] | None = None,
    ) -> FrameRanking:
        """Rank the rows for a query and the marks.

        Without a query, the marks alone rank: the row that was first marked as relevant is the query, and is left out.

        Parameters
        ----------
        like
            A row in place of a typed query: more like this.
        k
            How many rows to rank at most; None for all.
        ranker, C
            As for ``SearchEngine.search``.
        filters
            Rank only rows that pass: the values of columns, such as ``{"year": [2020, 2021]}``, or ``Filters``.

        Raises
        ------
        ExemplarError
            There is no query and no row marked as relevant, or both a query and a row; or as for
            ``SearchEngine.search``.
        """
        frame, engine, highlighter = self._checked_fit()
        if k is not None and not (isinstance(k, int | np.integer) and k >= 1):
            raise ExemplarError(f"k must be a whole number of at least 1, or None for all rows; got {k!r:.100}")
        ranking = engine.search(
            self._query(query, like, frame, engine),
            self._feedback,
            ranker=ranker,
            k=0,
            depth=engine.corpus.n_documents if k is None else k,
            C=C,
            filters=filters_of(filters, frame),
        )
        return FrameRanking(frame, engine, ranking, self._feedback, highlighter)

    def _query(self, query: str | None, like: Hashable | None, frame: Frame, engine: SearchEngine) -> Query:
        if query is not None and like is not None:
            raise ExemplarError("rank by a typed query or like a row, not by both")
        if query is not None:
            if not isinstance(query, str):
                raise ExemplarError(
                    f"the query is a text, got a {type(query).__name__}; to rank like a row, say rank(like=...)"
                )
            return query
        if like is not None:
            rows = documents_named([like], frame, engine.corpus)
            return DocumentQuery(rows[0])
        if not self._feedback.positives:
            raise ExemplarError("type a query, or mark a row as relevant first")
        return DocumentQuery(self._feedback.positives[0])

    def _texts(self, doc_ids: Iterable[str]) -> list[int]:
        """Return the numbers of documents' texts."""
        corpus = self.engine.corpus
        numbers: list[int] = corpus.text_numbers(list(corpus.rows_of(doc_ids).values())).tolist()
        return numbers

    def _checked_fit(self) -> tuple[Frame, SearchEngine, SentenceHighlighter | None]:
        if self._fitted is None:
            raise ExemplarError("the Searcher has no table yet: call fit first")
        return self._fitted


def _checked(vectors: ArrayLike, frame: Frame) -> NDArray[np.float32]:
    """Return the vectors of the rows with text as unit rows."""
    array = np.asarray(vectors)
    if array.ndim != 2 or len(array) != len(frame.frame) or array.dtype.kind not in "fiu":
        raise ExemplarError(
            f"vectors needs a row of numbers for each of the {len(frame.frame):,} rows of the data, got an array of "
            f"shape {array.shape} and type {array.dtype}"
        )
    return unit_rows(array if len(frame.positions) == len(array) else array[frame.positions])
