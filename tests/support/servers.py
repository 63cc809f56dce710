"""Real servers of the app that start in a moment: each is forked from a process that has imported it all before."""

import multiprocessing
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.support.streamlit_client.browser import wait_for

_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(
    [
        *("exemplar.cli", "exemplar.retrieval.svm.fit", "pandas", "scipy.sparse", "pydantic.main"),
        *(
            "streamlit.starlette",
            "exemplar.ui.server.serve",
            "streamlit.web.server.starlette.starlette_app",
            "starlette.middleware.sessions",
        ),
        *("uvicorn", "uvicorn.protocols.http.h11_impl", "uvicorn.protocols.websockets.websockets_sansio_impl"),
    ]
)


class Server:
    """``exemplar app`` over a home folder, on a free port of this machine."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://localhost:{port}"
        self.log = home.parent / "server.log"
        self.process: BaseProcess = _FORKED.Process(target=_serve, args=(port, str(home), str(self.log)))
        self.process.start()
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


def _serve(port: int, home: str, log: str) -> None:
    with open(log, "ab") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    os.environ.update(EXEMPLAR_HOME=home, HF_HUB_OFFLINE="1")
    from exemplar import cli

    cli.main(["app", "--no-browser", "--port", str(port)])
