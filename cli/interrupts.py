"""Let an interrupt from the keyboard end a long command for certain, with a word on what is kept."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType

import typer

from exemplar.cli.terminal import errors

_STOPPED = 130  # the exit status of what SIGINT has ended
_EVERY = 10.0  # seconds: what has not ended by then has lost the interrupt, or waits for what will not come


@contextlib.contextmanager
def stoppable(kept: str) -> Iterator[None]:
    """End the command where it is interrupted, and say what is kept; the same command goes on from there.

    Python loses an interrupt that falls into a callback of a library, so it is repeated every ten seconds. A library
    may also wait as the process ends; then this ends it.
    """
    pressed, left = threading.Event(), threading.Event()

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Thread(target=_insist, args=(left,), daemon=True).start()
        raise KeyboardInterrupt

    is_main = threading.current_thread() is threading.main_thread()  # which alone may handle signals
    before = signal.signal(signal.SIGINT, on_interrupt) if is_main else None
    try:
        yield
        if pressed.is_set():  # and lost
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        errors.print(f"Stopped. {kept} is kept; the same command goes on from there.")
        raise typer.Exit(_STOPPED) from None
    finally:
        if is_main:
            signal.signal(signal.SIGINT, before)
        left.set()


def _insist(left: threading.Event) -> None:
    while not left.wait(_EVERY):
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # ends a wait, too
        else:  # Windows
            signal.raise_signal(signal.SIGINT)
    time.sleep(_EVERY)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(_STOPPED)
