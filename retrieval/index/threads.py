"""Threads: a pool for scans, and BLAS held to one thread meanwhile."""

import functools
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

T = TypeVar("T")
N_THREADS = min(8, os.cpu_count() or 1)  # memory is the limit beyond


class _Shared:
    """What all fits of the process share."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(N_THREADS, thread_name_prefix="scan")
        # BLAS can be set from one thread of a process alone, so one thread does it for all.
        self._switch = ThreadPoolExecutor(1, thread_name_prefix="blas")
        self._lock = threading.Lock()
        self._users = 0
        self._limit: Any = None

    def enter(self) -> None:
        with self._lock:
            if self._users == 0:
                self._limit = self._switch.submit(_hold_to_one).result()
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._switch.submit(self._limit.restore_original_limits).result()


def _hold_to_one() -> Any:
    return _controller().limit(limits=1, user_api="blas")


@functools.cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all libraries that are loaded


_shared = _Shared()


def in_shares(n: int, work: Callable[[range], T]) -> list[T]:
    """Share ``range(n)`` out among threads; return what each made of its share, in order."""
    cuts = [n * i // N_THREADS for i in range(N_THREADS + 1)]
    shares = [range(first, last) for first, last in pairwise(cuts) if first < last]
    return list(_shared.pool.map(work, shares)) if len(shares) > 1 else [work(share) for share in shares]


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread: small products are faster so, and the threads of a scan have the cores to themselves.

    BLAS's own threads go on spinning for a while when their product is done, so none may be woken between scans.

    The setting is the whole process's: the first user makes it, and the last of several at a time takes it back.
    """
    shared = _shared
    shared.enter()
    try:
        yield
    finally:
        shared.leave()


def _begin_anew() -> None:
    global _shared
    _shared = _Shared()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)  # a fork copies locks, and no threads
