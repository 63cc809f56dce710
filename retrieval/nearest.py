"""The marked documents that are nearest to a document."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.feedback import Feedback, Mark
from exemplar.retrieval.search import SearchEngine

_COMPARED = 2**22  # pairs of passages at once


@dataclass(frozen=True, slots=True)
class Nearest:
    """A marked document and its similarity to another one: the cosine of their nearest passages."""

    doc_id: str
    mark: Mark
    similarity: float


def nearest_marked(engine: SearchEngine, doc_id: str, feedback: Feedback, n: int = 2) -> list[Nearest]:
    """Return the n relevant and not relevant documents that are nearest to a document, the nearest first.

    The document itself and its copies are left out, and so are marked documents that the corpus does not have. Of
    equally near ones, relevant documents come first, then the marks that were made first. A corpus without vectors has
    none.

    Raises
    ------
    ExemplarError
        The corpus does not have the document.
    """
    corpus = engine.corpus
    row = corpus.row(doc_id)
    marks = {each: mark for mark, doc_ids in feedback.by_mark() if mark != "unsure" for each in doc_ids}
    [copies] = corpus.copies_of([row])
    rows = {each: marked for each, marked in corpus.rows_of(marks).items() if marked not in copies}
    marked = [each for each in marks if each in rows]
    if not marked or not engine.index.dim:
        return []
    similarities = _similarities(engine, row, [rows[each] for each in marked])
    best = np.argsort(-similarities, kind="stable")[:n].tolist()
    return [Nearest(marked[place], marks[marked[place]], float(similarities[place])) for place in best]


def _similarities(engine: SearchEngine, row: int, others: Sequence[int]) -> NDArray[np.float32]:
    """Return for each other document the cosine of the nearest passages, ``(len(others),)``."""
    own = _unit(engine.index.vectors(engine.corpus.passages_of(row)))
    passages = [engine.corpus.passages_of(other) for other in others]
    joined = np.concatenate(passages).astype(np.intp)
    nearest = np.empty(len(joined), np.float32)
    step = max(1, _COMPARED // len(own))
    for start in range(0, len(joined), step):
        part = slice(start, start + step)
        nearest[part] = (_unit(engine.index.vectors(joined[part])) @ own.T).max(axis=1)
    starts = np.cumsum([0, *map(len, passages[:-1])])
    best: NDArray[np.float32] = np.maximum.reduceat(nearest, starts)
    return best


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
