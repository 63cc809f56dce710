"""The sentences and words that contribute most to a document's score, by the ranking's own weights."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from exemplar.data.encoders.base import Span
from exemplar.data.encoders.passages import sentences
from exemplar.retrieval.index.features import to_dense
from exemplar.retrieval.rankers import Scorer
from exemplar.retrieval.ranking import Result
from exemplar.retrieval.search import SearchEngine

_MOST_SENTENCES = 64  # of a passage; the model reads only its beginning
_MOST_SHOWN = 2
_CACHED = 16_384  # sentences: 25 MB where a model has 384 dimensions
_CARRYING, _MOST_CARRYING = 0.9, 8  # the share of what words add, and how many words of a row are named
_SEARCHED = 4000  # characters of a text in which its words are looked up


class SentenceHighlighter:
    """Selects the sentences of passages with the highest scores; it caches their vectors for the next ranking."""

    def __init__(self, engine: SearchEngine) -> None:
        self._engine = engine
        self._cache: OrderedDict[str, tuple[list[Span], NDArray[np.float32]]] = OrderedDict()
        self._n_cached = 0
        self._lock = threading.Lock()

    def encode(self, passages: Sequence[str]) -> None:
        """Encode the sentences of passages that are not in the cache, in one batch; one caller encodes at a time."""
        with self._lock:
            new = {text: sentences(text)[:_MOST_SENTENCES] for text in passages if text not in self._cache}
            texts = [passage[start:end] for passage, spans in new.items() if len(spans) > 1 for start, end in spans]
            vectors = self._engine.encoder.encode_documents(texts) if texts else np.empty((0, 0), np.float32)
            first = 0
            for passage, spans in new.items():
                n = len(spans) if len(spans) > 1 else 0
                self._cache[passage] = spans, vectors[first : first + n]
                self._n_cached += max(1, n)
                first += n
            while self._n_cached > _CACHED:
                _, (_, oldest) = self._cache.popitem(last=False)
                self._n_cached -= max(1, len(oldest))

    def best_sentences(self, passage: str, w: NDArray[np.floating]) -> list[Span]:
        """Return the spans of the best sentence, and of a second one that scores much closer to it than to the mean.

        Spans are in the order of the text. A passage of one sentence, or one that was not encoded, has none.
        """
        spans, vectors = self._cache.get(passage, ([], np.empty((0, 0), np.float32)))
        if not len(vectors):
            return []
        scores = vectors @ w
        best = np.argsort(-scores, kind="stable")[:_MOST_SHOWN]
        threshold = (3 * scores.max() + scores.mean()) / 4
        return [spans[i] for i in sorted(best) if scores[i] >= threshold]


def carrying_words(engine: SearchEngine, weights: Scorer, result: Result) -> list[str]:
    """Return the words that add most to a document's score, as they stand in it, that which adds most first.

    Together they make up nine tenths of what words add; at most eight. They are looked up in the title, in the best
    passage and where the text begins.
    """
    words = weights.words
    if words is None or engine.words is None:
        return []
    first = engine.corpus.passages_of(engine.corpus.row(result.doc_id))[:1]
    of_words = engine.words.joined(words.terms).features(first).words
    if of_words is None:
        return []
    added = to_dense(of_words)[0] * words.w
    order = np.argsort(-added, kind="stable")[: int(np.count_nonzero(added > 0))]
    enough = np.searchsorted(np.cumsum(added[order]), _CARRYING * added[order].sum()) + 1
    terms = words.terms[order[: min(enough, _MOST_CARRYING)]]
    shown = "\n".join((result.title or "", result.passage, result.text[:_SEARCHED]))  # a text may have any length
    return engine.words.spellings(shown, terms)
