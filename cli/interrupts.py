"""Make an interrupt from the keyboard end a command for certain."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

_EVERY = 10.0  # seconds: what has not ended by then has lost the interrupt, or waits for what will not come


@contextlib.contextmanager
def insisting() -> Iterator[None]:
    """Repeat an interrupt of the main thread every ten seconds until the process has ended.

    Python loses one that falls into a callback of a library, and a library may wait as it ends.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Thread(target=_repeat, daemon=True).start()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _repeat() -> None:
    while True:
        time.sleep(_EVERY)
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # ends a wait, too
        else:  # Windows
            signal.raise_signal(signal.SIGINT)
