"""Which sentences carried a document: each is encoded and scored with the ranking's own vector."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from exemplar.data.encoders.passages import Span, sentences
from exemplar.retrieval.search import SearchEngine

_MOST_SENTENCES = 64  # of a passage; the model reads no more of it
_MOST_SHOWN = 2
_KEPT = 16_384  # sentences: 25 MB where a model has 384 dimensions


class Explainer:
    """Finds the sentences of passages that speak most for a score; what it has encoded it keeps, for the next mark."""

    def __init__(self, engine: SearchEngine) -> None:
        self._engine = engine
        self._known: OrderedDict[str, tuple[list[Span], NDArray[np.float32]]] = OrderedDict()
        self._n_kept = 0
        self._lock = threading.Lock()

    def knows(self, passage: str) -> bool:
        """Whether a passage's sentences have been encoded."""
        return passage in self._known

    def learn(self, passages: Sequence[str]) -> None:
        """Encode the sentences of passages, all that are new at once; one who asks has it done at a time."""
        with self._lock:
            new = {each: sentences(each)[:_MOST_SENTENCES] for each in passages if each not in self._known}
            texts = [passage[start:end] for passage, spans in new.items() if len(spans) > 1 for start, end in spans]
            vectors = self._engine.encoder.encode_documents(texts) if texts else np.empty((0, 0), np.float32)
            first = 0
            for passage, spans in new.items():
                n = len(spans) if len(spans) > 1 else 0
                self._known[passage] = spans, vectors[first : first + n]
                self._n_kept += max(1, n)
                first += n
            while self._n_kept > _KEPT:
                _, (_, oldest) = self._known.popitem(last=False)
                self._n_kept -= max(1, len(oldest))

    def carried(self, passage: str, w: NDArray[np.floating]) -> list[Span]:
        """Return the spans of the sentences that carried a passage, in order; none where it has but one, or is unknown.

        These are the best, and another that comes much closer to it than to the mean.
        """
        spans, vectors = self._known.get(passage, ([], np.empty((0, 0), np.float32)))
        if not len(vectors):
            return []
        scores = vectors @ w
        best = np.argsort(-scores, kind="stable")[:_MOST_SHOWN]
        enough = (3 * scores.max() + scores.mean()) / 4
        return [spans[place] for place in sorted(best) if scores[place] >= enough]
