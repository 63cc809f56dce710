"""Waiting for what other threads and processes do."""

import time
from collections.abc import Callable

PATIENCE = 300.0  # seconds, after which what has not come is taken never to come; a busy machine takes long


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)
