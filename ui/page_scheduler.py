"""Rank and draw pages one after another, and run work that can wait between them.

Python runs one thread at a time. Threads that switch at every small step all finish late: of twenty pages at once, the
first appears no earlier than the last, and all of them take several times as long as one after another.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
_LONGEST = 2.0  # seconds that a page or other work waits for another page; loading a model takes longer
_REST = 0.15  # seconds without a page, after which the next page is not expected soon


class PageScheduler:
    """Lets one page work at a time and, while no page works, one other task."""

    def __init__(self) -> None:
        lock = threading.Lock()
        self._next, self._idle = threading.Condition(lock), threading.Condition(lock)
        self._n_pages = 0
        self._working: object = None
        self._since = self._ended = 0.0
        self._idle_worker = ThreadPoolExecutor(1, thread_name_prefix="between")

    @contextmanager
    def page(self) -> Iterator[None]:
        """Wait until the previous page is drawn, but not for a page that takes very long; let other pages wait."""
        own = object()
        with self._next:
            self._n_pages += 1
            while self._working and (left := self._since + _LONGEST - time.monotonic()) > 0:
                self._next.wait(left)
            self._working, self._since = own, time.monotonic()
        try:
            yield
        finally:
            with self._next:
                self._n_pages -= 1
                self._ended = time.monotonic()
                if self._working is own:
                    self._working = None
                    self._next.notify()
                self._idle.notify()

    def run_when_idle(self, work: Callable[[], T]) -> Future[T]:
        """Run work in a separate thread as soon as no page works, or after two seconds in any case."""

        def run() -> T:
            latest = time.monotonic() + _LONGEST
            with self._idle:
                while (left := min(latest, self._idle_from()) - time.monotonic()) > 0:
                    self._idle.wait(left)
            return work()

        return self._idle_worker.submit(run)

    def _idle_from(self) -> float:
        return math.inf if self._n_pages else self._ended + _REST
