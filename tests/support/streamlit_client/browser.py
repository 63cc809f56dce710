"""The real app on a free port of this machine, and a real browser to use it with."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.patience import PATIENCE

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def launch_arguments() -> dict[str, Any]:
    """Return how Playwright starts the system's browser where there is one, else its own."""
    system = next(filter(None, map(shutil.which, _BROWSERS)), None)
    arguments = ["--no-sandbox"] if hasattr(os, "getuid") and os.getuid() == 0 else []
    return {"executable_path": system, "args": arguments}


@contextmanager
def serving(
    environment: Mapping[str, str], log: Path, *options: str, folder: Path | None = None
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start the app as its user does; give its address and its process once it answers, and stop it at the end.

    Parameters
    ----------
    options
        Of ``exemplar app``.
    folder
        In which it is started.

    Raises
    ------
    RuntimeError
        It did not start, or did not end; the message is what it wrote.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "exemplar.cli", "app", "--no-browser", "--port", str(port), *options]
    with log.open("ab") as output:
        server = subprocess.Popen(
            command,
            env={**environment, "PYTHONFAULTHANDLER": "1"},
            stdout=output,
            stderr=output,
            cwd=folder,
        )
        try:
            url = f"http://localhost:{port}"
            wait_for(url, lambda: server.poll() is None, log)
            yield url, server
        finally:
            _stop(server, log)


def _stop(server: subprocess.Popen[bytes], log: Path) -> None:
    """Ask a server to end; one that does not says what it is at, and is an error."""
    server.terminate()
    try:
        server.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        server.send_signal(signal.SIGABRT)  # Python writes down where each thread is
        server.wait()
        raise RuntimeError(f"the app did not end:\n{log.read_text()}") from error


def wait_for(url: str, is_running: Callable[[], bool], log: Path, path: str = "/_stcore/health") -> None:
    """Wait until the server at a URL answers; a RuntimeError says what it wrote, if it has ended or never answers."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(f"{url}{path}", timeout=5).close()  # noqa: S310 - our own loopback address
            return
        except OSError as error:
            if not is_running() or time.monotonic() > deadline:
                raise RuntimeError(f"the app did not start:\n{log.read_text()}") from error
            time.sleep(0.02)
