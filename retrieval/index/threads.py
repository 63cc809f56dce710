"""A thread pool for scans, and a limit of one thread for BLAS while scans run."""

import functools
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from itertools import pairwise
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

from exemplar.data.encoders.hardware import n_processors

T = TypeVar("T")

N_THREADS = min(8, n_processors())  # more threads do not help: memory bandwidth is the limit


class _ProcessThreads:
    """The threads and the BLAS limit that all scans of the process share."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(N_THREADS, thread_name_prefix="scan")
        # The BLAS limit belongs to the thread that set it, so the same thread sets and restores it.
        self._blas_thread = ThreadPoolExecutor(1, thread_name_prefix="blas")
        self._lock = threading.Lock()
        self._users = 0
        self._limit: Any = None

    def enter(self) -> None:
        with self._lock:
            if self._users == 0:
                self._limit = self._blas_thread.submit(_limit_blas).result()
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._blas_thread.submit(self._limit.restore_original_limits).result()


def _limit_blas() -> Any:
    return _controller().limit(limits=1, user_api="blas")


@functools.cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # inspects every loaded library, so it is made once


_threads = _ProcessThreads()


def run_in_shares(n: int, work: Callable[[range], T]) -> list[T]:
    """Split ``range(n)`` among threads, which take over NumPy's settings; return all results, in order."""
    cuts = [n * i // N_THREADS for i in range(N_THREADS + 1)]
    shares = [range(first, last) for first, last in pairwise(cuts) if first < last]
    if len(shares) == 1:
        return [work(shares[0])]
    contexts = [copy_context() for _ in shares]
    return list(_threads.pool.map(lambda context, share: context.run(work, share), contexts, shares))


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread: small products get faster, and the threads of a scan have the cores to themselves.

    BLAS's own threads keep spinning for a while after a product, so the limit must also hold between scans.

    The limit applies to the process: the first of several concurrent users sets it, and the last one restores it.
    """
    threads = _threads  # a fork may replace the global before this ends
    threads.enter()
    try:
        yield
    finally:
        threads.leave()


def _replace_after_fork() -> None:
    global _threads
    _threads = _ProcessThreads()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_replace_after_fork)  # a fork copies locks but not threads
