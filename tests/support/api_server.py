"""A real server of the interface for programs, that starts in a moment."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.support.fake_encoder import FakeEncoder
from tests.support.forked import forked
from tests.support.streamlit_client.browser import wait_for


@contextmanager
def api_serving(home: Path, log: Path, *options: str) -> Iterator[tuple[str, BaseProcess]]:
    """Start ``exemplar serve --api`` over a home folder, with the FakeEncoder; give its URL and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = forked(home, log, _serve, port, options)
    try:
        url = f"http://localhost:{port}"
        wait_for(url, process.is_alive, log, "/openapi.json")
        yield url, process
    finally:
        process.kill()
        process.join()


def _serve(port: int, options: tuple[str, ...]) -> None:
    from exemplar import cli
    from exemplar.api import engines

    engines.load_encoder = lambda *_, **__: FakeEncoder()  # type: ignore[attr-defined]
    cli.main(["serve", "--api", "--port", str(port), *options])
