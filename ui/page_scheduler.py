"""Rank and draw pages one after another.

Python runs one thread at a time. Threads that switch at every small step all finish late: of twenty pages at once, the
first appears no earlier than the last, and all of them take several times as long as one after another.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST = 2.0  # seconds that a page waits for another page; loading a model takes longer


class PageScheduler:
    """Lets one page work at a time."""

    def __init__(self) -> None:
        self._next = threading.Condition()
        self._working: object = None
        self._since = 0.0

    @contextmanager
    def page(self) -> Iterator[None]:
        """Wait until the previous page is drawn, but not for a page that takes very long; let other pages wait."""
        own = object()
        with self._next:
            while self._working and (left := self._since + _LONGEST - time.monotonic()) > 0:
                self._next.wait(left)
            self._working, self._since = own, time.monotonic()
        try:
            yield
        finally:
            with self._next:
                if self._working is own:
                    self._working = None
                    self._next.notify()
