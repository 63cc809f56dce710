"""One encoder for many who ask at once."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from exemplar.data.encoders.base import Encoder, EncoderInfo


class SharedEncoder:
    """An Encoder whose model works in two threads of its own, one for queries and one for documents, each in turn.

    Each thread that runs a model gets anew what the model needs to work in, memory and threads of its own: many at
    once would take many times as much, and be done no sooner. On a processor each works on half of the cores.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._queries = ThreadPoolExecutor(1, thread_name_prefix="queries", initializer=_take_half)
        self._documents = ThreadPoolExecutor(1, thread_name_prefix="documents", initializer=_take_half)

    @property
    def info(self) -> EncoderInfo:
        """What identifies the encoder."""
        return self._encoder.info

    def token_spans(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """Return start and end of each text's tokens, ``(n_tokens, 2)``."""
        return self._documents.submit(self._encoder.token_spans, texts).result()

    def encode_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Return one row a text, in order; ``on_progress`` is called in the model's thread."""
        return self._documents.submit(self._encoder.encode_documents, texts, on_progress).result()

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the ``(dim,)`` vector of a query."""
        return self._queries.submit(self._encoder.encode_query, text).result()


def _take_half() -> None:
    """Let what this thread computes use half of the cores; OpenMP, by which torch shares work out, counts by thread."""
    threadpool_limits(max(1, (os.cpu_count() or 1) // 2), user_api="openmp")
