"""Pages are ranked and drawn one by one, and what can wait is done between them.

Python runs one thread at a time, and threads that hand over to each other at every small step are late together: of
twenty pages at once the first is there when the last is, and all take several times as long as one after the other.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
_LONGEST = 2.0  # seconds that a page or what can wait waits for another page; loading a model takes longer
_REST = 0.15  # seconds without a page, after which none is expected at once


class OneByOne:
    """Who may work: one page, and when there is none, one other thing."""

    def __init__(self) -> None:
        lock = threading.Lock()
        self._next, self._idle = threading.Condition(lock), threading.Condition(lock)
        self._n_pages = 0
        self._at_work: object = None
        self._since = self._ended = 0.0
        self._between = ThreadPoolExecutor(1, thread_name_prefix="between")

    @contextmanager
    def page(self) -> Iterator[None]:
        """Wait until the page before has been drawn, but not for one that takes very long, and keep others waiting."""
        own = object()
        with self._next:
            self._n_pages += 1
            while self._at_work and (left := self._since + _LONGEST - time.monotonic()) > 0:
                self._next.wait(left)
            self._at_work, self._since = own, time.monotonic()
        try:
            yield
        finally:
            with self._next:
                self._n_pages -= 1
                self._ended = time.monotonic()
                if self._at_work is own:
                    self._at_work = None
                    self._next.notify()
                self._idle.notify()

    def between(self, work: Callable[[], T]) -> Future[T]:
        """Do something in a thread of its own when the pages rest, or after some time all the same."""

        def when_they_rest() -> T:
            latest = time.monotonic() + _LONGEST
            with self._idle:
                while (left := min(latest, self._rest_from()) - time.monotonic()) > 0:
                    self._idle.wait(left)
            return work()

        return self._between.submit(when_they_rest)

    def _rest_from(self) -> float:
        return math.inf if self._n_pages else self._ended + _REST
