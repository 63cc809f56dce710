"""One encoder for many who ask at once."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from data.encoder import Encoder


class SharedEncoder:
    """An Encoder whose model works in a thread of its own, for one who asks after the other.

    Each thread that runs a model gets anew what the model needs to work in, memory and threads of its own: several at
    once would take many times as much, and be done no sooner. On a processor it works on half of the cores, so that
    what else is asked for meanwhile need not wait.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="encoder", initializer=_take_half)
        self.model, self.revision, self.precision = encoder.model, encoder.revision, encoder.precision
        self.device, self.backend, self.similarity = encoder.device, encoder.backend, encoder.similarity
        self.dim, self.max_tokens = encoder.dim, encoder.max_tokens

    def token_spans(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """Return start and end of each text's tokens, ``(n_tokens, 2)``."""
        return self._thread.submit(self._encoder.token_spans, texts).result()

    def encode_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Return one row a text, in order; ``on_progress`` is called in the model's thread."""
        return self._thread.submit(self._encoder.encode_documents, texts, on_progress).result()

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the ``(dim,)`` vector of a query."""
        return self._thread.submit(self._encoder.encode_query, text).result()


def _take_half() -> None:
    """Let what this thread computes use half of the cores; OpenMP, by which torch shares work out, counts by thread."""
    threadpool_limits(max(1, (os.cpu_count() or 1) // 2), user_api="openmp")
