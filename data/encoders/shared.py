"""An encoder that many threads share."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from exemplar.data.encoders.base import Encoder, EncoderInfo, Spans
from exemplar.data.encoders.hardware import n_processors


class SharedEncoder:
    """An Encoder whose model runs in two threads, one for queries and one for documents, one call after another.

    Every thread that runs a model allocates its own memory and worker threads: many at once would take many times as
    much and would not finish sooner. On a processor each of the two threads uses half of the cores.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._queries = ThreadPoolExecutor(1, thread_name_prefix="queries", initializer=_use_half_of_the_cores)
        self._documents = ThreadPoolExecutor(1, thread_name_prefix="documents", initializer=_use_half_of_the_cores)

    @property
    def info(self) -> EncoderInfo:
        """What identifies the encoder."""
        return self._encoder.info

    def token_spans(self, texts: Sequence[str]) -> Sequence[Spans]:
        """Return the start and end of all tokens of every text, in characters."""
        return self._documents.submit(self._encoder.token_spans, texts).result()

    def encode_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Return the vectors of texts, ``(n_texts, dim) float32``; the model's thread calls ``on_progress``."""
        return self._documents.submit(self._encoder.encode_documents, texts, on_progress).result()

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a query, ``(dim,) float32``."""
        return self._queries.submit(self._encoder.encode_query, text).result()


def _use_half_of_the_cores() -> None:
    """Limit OpenMP, by which torch divides its work, to half of the cores; the limit holds for this thread."""
    threadpool_limits(max(1, n_processors() // 2), user_api="openmp")
