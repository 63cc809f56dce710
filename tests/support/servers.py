"""Real servers of the app that start in a moment."""

import functools
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.fake_encoder import FakeEncoder
from tests.support.forked import forked
from tests.support.streamlit_client.browser import wait_for


class Server:
    """``exemplar app`` over a home folder, on a free port of this machine.

    Parameters
    ----------
    gates
        A folder: builds wait before the quick vectors for the file ``quick`` in it, before the full ones for
        ``full``, and when their first shard is embedded for ``rest``.
    fake
        Encode queries by the FakeEncoder, as the corpora of the home were, and new corpora too.
    """

    def __init__(self, home: Path, gates: Path | None = None, *, fake: bool = False) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.log = home.parent / f"server-{self.port}.log"
        self._home, self._options = home, (gates, fake)
        self.start()

    def start(self) -> None:
        """Start it, for the first time or again on the same port."""
        self.process = forked(self._home, self.log, _serve, self.port, *self._options)
        wait_for(self.url, self.process.is_alive, self.log)

    def kill(self) -> None:
        """Kill it, as the system does when memory runs out."""
        self.process.kill()

    def stop(self) -> None:
        """Kill it, and wait until it is gone."""
        self.process.kill()
        self.process.join()


@contextmanager
def serving(home: Path, gates: Path | None = None, *, fake: bool = False) -> Iterator[Server]:
    """Give a server, and stop it at the end."""
    server = Server(home, gates, fake=fake)
    try:
        yield server
    finally:
        server.stop()


def _serve(port: int, gates: Path | None, fake: bool) -> None:
    from exemplar import cli
    from exemplar.data.building import run
    from exemplar.ui import resources

    if gates:
        _wait_at(gates)
    if fake:
        encoder = FakeEncoder()
        for module in (resources, run):
            module.load_encoder = lambda *_, **__: encoder  # type: ignore[attr-defined]
        run.model_name = lambda _: encoder.model
    cli.main(["app", "--no-browser", "--port", str(port)])


def _wait_at(gates: Path) -> None:
    """Make builds of this process wait before their vectors until a file says go."""
    from exemplar.data.building.build import _Build
    from exemplar.data.building.embed import SHARD, EmbeddingRun, LateEmbedder

    embedded: Callable[..., Any] = _Build._embedded
    report: Callable[..., None] = EmbeddingRun._report

    @functools.wraps(embedded)
    def waiting(build: _Build, documents: object, embedder: object, *rest: object) -> object:
        _wait_for(gates / ("full" if isinstance(embedder, LateEmbedder) else "quick"))
        return embedded(build, documents, embedder, *rest)

    @functools.wraps(report)
    def waiting_behind_a_shard(run: EmbeddingRun, done: int, n_ahead: int) -> None:
        report(run, done, n_ahead)
        if isinstance(run.embedder, LateEmbedder) and done == SHARD:
            _wait_for(gates / "rest")

    _Build._embedded = waiting  # type: ignore[method-assign]
    EmbeddingRun._report = waiting_behind_a_shard  # type: ignore[method-assign]


def _wait_for(gate: Path) -> None:
    while not gate.exists():
        time.sleep(0.05)
