"""Start and end the app's server; say which address it listens on, and whom that admits."""

import contextlib
import errno
import ipaddress
import signal
import socket
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from exemplar.data.errors import ExemplarError
from exemplar.retrieval.exports import waiting
from exemplar.ui.server.click_queue import ClickQueue
from exemplar.ui.server.origin_guard import OriginGuard

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from streamlit.starlette import App

_MOST_MEGABYTES = 200  # of a message from the browser; uploads use HTTP
_PING_SECONDS = 30
_DOWNLOADS = f"/{waiting.FOLDER}/{{key}}/{{name}}"
_NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_EXPOSED = """\
{who} can, without a login{how}:
  - read all corpora and all sessions, mark, and delete them;
  - read every file of a kind that Exemplar reads and you may read on this machine, by building a corpus from it;
  - import installed packages, fetch data sets under your name and fill the disk, by the same page.
docs/serving.md says how to serve others with a login."""


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """The address and the port that the app listens on.

    Attributes
    ----------
    address
        ``localhost``, or an IP address of this machine; 0.0.0.0 and :: mean all of its addresses.
    names
        Further names by which browsers reach the app, such as the name of a proxy.

    Raises
    ------
    ExemplarError
        The address is neither ``localhost`` nor an IP address.
    """

    address: str
    port: int
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        try:
            ipaddress.ip_address(self._addresses[0])  # to resolve a name would need another server
        except ValueError as error:
            raise ExemplarError(
                f"the app can't listen on '{self.address}': use localhost, or an IP address of this machine "
                "(0.0.0.0: all of them)"
            ) from error

    @property
    def local(self) -> bool:
        """Whether only this machine can reach the app."""
        return ipaddress.ip_address(self._addresses[0]).is_loopback

    @property
    def exposure(self) -> str:
        """A warning: who is admitted, and to what; empty if only this machine can reach the app."""
        if not self.local:
            return _EXPOSED.format(
                who=f"Everyone who can reach port {self.port} of this machine", how=" and unencrypted"
            )
        if self.names:
            return _EXPOSED.format(who=f"Everyone whom a proxy lets through to {', '.join(self.names)}", how=" here")
        return ""

    @property
    def url(self) -> str:
        """The URL for a browser on this machine."""
        ip = ipaddress.ip_address(self._addresses[0])
        host = "localhost" if ip.is_unspecified or self.address == "localhost" else self.address
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def listen(self) -> list[socket.socket]:
        """Return sockets that listen on the address; raises ExemplarError if none can be opened."""
        with contextlib.ExitStack() as opened:
            sockets = []
            for address in self._addresses:
                try:
                    sockets.append(opened.enter_context(_listening(address, self.port)))
                except OSError as error:
                    if sockets and error.errno in _NO_SUCH_ADDRESS:
                        continue  # this machine has no IPv6
                    raise ExemplarError(_reason(error, address, self.port)) from error
            opened.pop_all()
            return sockets

    @property
    def _addresses(self) -> tuple[str, ...]:
        # A browser may choose either address for localhost, so no other program may listen on one of the two.
        return ("127.0.0.1", "::1") if self.address == "localhost" else (self.address,)


def serve(page: Path, address: ListenAddress, *, browser: bool | None, on_start: Callable[[str], None]) -> None:
    """Serve a Streamlit script until Ctrl+C or SIGTERM.

    The ``.streamlit/config.toml`` beside the script overrides all other files of that name. Streamlit's environment
    variables, which would override it, are not read.

    Parameters
    ----------
    browser
        Whether to open a browser; None opens one where a screen is available.
    on_start
        Takes the URL once the app is served.
    """
    sockets = address.listen()
    import uvicorn

    from exemplar.ui import jobs

    settings = uvicorn.Config(
        _app(page, address, browser=browser, on_start=on_start),
        ws="websockets-sansio",
        ws_per_message_deflate=not address.local or bool(address.names),  # useless work on one machine
        ws_max_size=_MOST_MEGABYTES * 2**20,
        ws_ping_interval=_PING_SECONDS,
        ws_ping_timeout=_PING_SECONDS,
        log_level="warning",
        access_log=False,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends the server as Ctrl+C does
    server = uvicorn.Server(settings)
    with contextlib.suppress(KeyboardInterrupt):
        try:
            server.run(sockets=sockets)
        finally:
            jobs.end_all()
        if not server.started:
            raise OSError("the app did not start; the lines above say why")


def _app(page: Path, address: ListenAddress, *, browser: bool | None, on_start: Callable[[str], None]) -> "App":
    """Return the Streamlit app; set the options of Streamlit that serving needs."""
    from starlette.middleware import Middleware
    from starlette.routing import Route
    from streamlit import config
    from streamlit.starlette import App

    @contextlib.asynccontextmanager
    async def lifespan(_: App) -> AsyncIterator[None]:
        on_start(url)
        if opens:
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        yield

    guard = Middleware(OriginGuard, names=(address.address, *address.names), by_address=not address.local)
    routes = [Route(_DOWNLOADS, _download)]
    app = App(page, lifespan=lifespan, routes=routes, middleware=[guard, Middleware(ClickQueue)])
    has_screen = not config.get_option("server.headless")  # reads the files, which also sets the levels of all logs
    opens = has_screen if browser is None else browser
    config.set_option("server.allowedHosts", ["*"])  # the guard checks hosts
    url = f"{address.url}/{config.get_option('server.baseUrlPath').strip('/')}"
    return app


def _download(request: "Request") -> "Response":
    """Return a file that waits to be downloaded."""
    from starlette.responses import FileResponse, PlainTextResponse

    path = waiting.file_of(request.path_params["key"], request.path_params["name"])
    if path is None:
        return PlainTextResponse("This file is not here any more; export it again.\n", status_code=404)
    return FileResponse(path, filename=path.name, headers={"Cache-Control": "no-store"})


def _listening(address: str, port: int) -> socket.socket:
    is_v6 = ":" in address
    both = is_v6 and ipaddress.ip_address(address).is_unspecified and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if is_v6 else socket.AF_INET
    return socket.create_server((address, port), family=family, backlog=2048, dualstack_ipv6=both)


def _reason(error: OSError, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is in use, perhaps by Exemplar in another terminal; use that, or choose another port: "
            f"exemplar app --port {port % 65535 + 1}"
        )
    if error.errno == errno.EACCES:
        return f"you may not listen on port {port}; choose one above 1023: exemplar app --port 8501"
    if error.errno in _NO_SUCH_ADDRESS:
        return f"this machine has no address {address}; use one of its addresses (0.0.0.0: all), or leave --address out"
    return f"the app can't listen on {address}, port {port}: {error.strerror or error}"
