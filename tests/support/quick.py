"""Which tests are quick: ``make quick`` runs them alone, and where all run they come last.

A test that starts a process or listens for connections has a marker that keeps it out; one without it fails.
"""

import functools
import socket
import subprocess
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

_HEAVY = ("model", "e2e", "cluster")
_SLOW = ("slow", *_HEAVY)
_started: list[str] = []  # since the present test began


def is_quick(item: pytest.Item) -> bool:
    return not _has_one_of(item, _SLOW)


def _has_one_of(item: pytest.Item, markers: tuple[str, ...]) -> bool:
    return any(item.get_closest_marker(name) for name in markers)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the heaviest files first and those of quick tests last, so that all workers end at about the same time.

    Browser tests follow behind the other heavy ones: while a worker builds the corpus of them all, another is busy. A
    file of tests that need a fresh process is the first of all.
    """
    fresh = {item.path for item in items if item.get_closest_marker("fresh")}
    heavy, e2e, slow = ({item.path for item in items if _has_one_of(item, each)} for each in (_HEAVY, ("e2e",), _SLOW))
    items.sort(
        key=lambda item: (item.path not in fresh, item.path not in heavy, item.path in e2e, item.path not in slow)
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    _started.clear()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Item) -> Iterator[None]:
    result = yield
    if _started and is_quick(pyfuncitem):
        pytest.fail(f"it starts {' and '.join(sorted(set(_started)))}: mark it slow, model, e2e or cluster")
    return result


def _note(owner: type, name: str, what: str) -> None:
    """Note what a method starts, from here on."""
    start: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(start)
    def noted(*arguments: Any, **named: Any) -> Any:
        _started.append(what)
        return start(*arguments, **named)

    setattr(owner, name, noted)


_note(subprocess.Popen, "__init__", "a process")
_note(BaseProcess, "start", "a process")
_note(socket.socket, "listen", "a server")
