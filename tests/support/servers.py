"""Real servers of the app that start in a moment."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.forked import forked
from tests.support.streamlit_client.browser import wait_for


class Server:
    """``exemplar app`` over a home folder, on a free port of this machine."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://localhost:{port}"
        self.log = home.parent / "server.log"
        self.process = forked(home, self.log, _serve, port)
        wait_for(self.url, self.process.is_alive, self.log)

    def kill(self) -> None:
        """Kill it, as the system does when memory runs out."""
        self.process.kill()

    def stop(self) -> None:
        """Kill it, and wait until it is gone."""
        self.process.kill()
        self.process.join()


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    """Give a server, and stop it at the end."""
    server = Server(home)
    try:
        yield server
    finally:
        server.stop()


def _serve(port: int) -> None:
    from exemplar import cli

    cli.main(["app", "--no-browser", "--port", str(port)])
