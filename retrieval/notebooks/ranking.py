"""A ranking of the rows of a data frame, as a frame, as text and as HTML."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exemplar.data.text import replace_lone_surrogates
from exemplar.retrieval.feedback import MARK_NAMES, Feedback
from exemplar.retrieval.highlights import SentenceHighlighter
from exemplar.retrieval.notebooks.frame import Frame
from exemplar.retrieval.notebooks.html import Shown, excerpt, table
from exemplar.retrieval.rankers import TITLES
from exemplar.retrieval.ranking import Ranking
from exemplar.retrieval.search import SearchEngine

_OWN = ("rank", "score", "mark")
_SHOWN = 10  # rows
_LINE = 80  # characters


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FrameRanking:
    """The best rows for a query and its marks, best first; of exact copies, the best one alone.

    Attributes
    ----------
    ranking
        The engine's own.
    feedback
        The marks when it was made.
    highlighter
        Chooses the sentences to highlight; None without a model.
    """

    frame: Frame
    engine: SearchEngine
    ranking: Ranking
    feedback: Feedback
    highlighter: SentenceHighlighter | None

    def __len__(self) -> int:
        return len(self.ranking.rows)

    @property
    def index(self) -> pd.Index:
        """The labels of the rows in the frame's index, best first."""
        return self.frame.frame.index[self.frame.positions[list(self.ranking.rows)]]

    def to_frame(self, *, all: bool = False) -> pd.DataFrame:
        """Return the ranked rows, best first, with all columns of the data, and ``rank``, ``score`` and ``mark``.

        A column of the data that has one of these names keeps it, and the ranking's is then ``exemplar rank``,
        ``exemplar score`` or ``exemplar mark``.

        Parameters
        ----------
        all
            Return every row of the data, in its order: a copy of a ranked row has its rank, and what is not ranked has
            none.
        """
        rows = np.arange(self.engine.corpus.n_documents) if all else np.array(self.ranking.rows, np.intp)
        places = self._places()[self.engine.corpus.text_numbers(rows)]
        ranked, positions = places >= 0, self.frame.positions[rows]
        data = self.frame.frame if all else self.frame.frame.iloc[positions]
        at = positions if all else np.arange(len(rows))
        ranks, scores, marks = np.zeros(len(data), np.int64), np.full(len(data), np.nan), np.full(len(data), None)
        ranks[at[ranked]] = places[ranked] + 1
        scores[at[ranked]] = np.array(self.ranking.scores)[places[ranked]]
        marks[at] = self._marks()[rows]
        own = {
            "rank": pd.arrays.IntegerArray(ranks, ranks == 0),
            "score": scores,
            "mark": pd.array(marks, dtype="str"),
        }
        return data.assign(**{f"exemplar {name}" if name in data else name: own[name] for name in _OWN})

    def __repr__(self) -> str:
        lines = [f"{TITLES[self.ranking.ranker]}, {len(self):,} of {self.ranking.n_texts:,} texts"]
        for row in self._shown():
            line = " ".join(excerpt(row.passage or row.title, (), _LINE)[0].split())
            lines.append(f"{row.rank:>4} {row.score:>8.3f} {row.mark:<12} {line}")
        return "\n".join(
            lines + ([f"     ... {len(self) - _SHOWN:,} more in to_frame()"] if len(self) > _SHOWN else [])
        )

    def _repr_html_(self) -> str:
        return table(list(self._shown(highlight=True)), len(self), f"{len(self):,} of {self.ranking.n_texts:,} texts")

    def _shown(self, *, highlight: bool = False) -> Iterator[Shown]:
        scorer = self.ranking.scorer
        results = [self.engine.result(scorer, doc_id) for doc_id in self.ranking.doc_ids[:_SHOWN]]
        highlighter = self.highlighter if highlight and scorer.w.any() else None
        if highlighter is not None:
            highlighter.encode([result.passage for result in results])
        marks = self._marks()
        for rank, (result, row, label) in enumerate(zip(results, self.ranking.rows, self.index, strict=False), start=1):
            spans = highlighter.best_sentences(result.passage, scorer.w) if highlighter else []
            title = replace_lone_surrogates(result.title or "")
            passage = replace_lone_surrogates(result.passage)
            yield Shown(rank, self.ranking.scores[rank - 1], marks[row] or "", str(label), title, passage, tuple(spans))

    def _places(self) -> NDArray[np.intp]:
        """Return the place of every text in the ranking, by its number; -1 for those that are not in it."""
        places = np.full(self.engine.corpus.n_documents, -1, np.intp)
        places[list(self.ranking.texts)] = np.arange(len(self))
        return places

    def _marks(self) -> NDArray[np.object_]:
        """Return the mark of every document, which copies share; None without one."""
        corpus = self.engine.corpus
        marks = np.full(corpus.n_documents, None)
        for mark, doc_ids in self.feedback.by_mark():
            for copies in corpus.copies_of(list(corpus.rows_of(doc_ids).values())):
                marks[copies] = MARK_NAMES[mark]
        return marks
