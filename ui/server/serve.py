"""The app's server: where it listens, whom that lets in, its start and its end."""

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

from exemplar.data.errors import ExemplarError
from exemplar.ui.server.click_queue import Turns
from exemplar.ui.server.origin_guard import Guard

_MOST_MEGABYTES = 200  # of a message from the browser; uploads go another way
_PING_SECONDS = 30
_NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_EXPOSED = """\
{who} can, without a login{how}:
  - read all corpora and all sessions, mark, and delete them;
  - read every file of a kind that Exemplar reads and you may read on this machine, by building a corpus from it;
  - import installed packages, fetch data sets under your name and fill the disk, by the same page.
docs/serving.md says how to serve others with a login."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the app is served.

    Attributes
    ----------
    address
        ``localhost``, or an IP address of this machine; one that stands for all of them is such an address.
    names
        That it answers to beside its addresses, as those of a proxy in front of it.

    Raises
    ------
    ExemplarError
        The address is none.
    """

    address: str
    port: int
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        try:
            ipaddress.ip_address(self._addresses[0])  # a name would have to be looked up elsewhere
        except ValueError as error:
            raise ExemplarError(
                f"'{self.address}' is nothing to listen on: give localhost, or an IP address of this machine "
                "(0.0.0.0: all it has)"
            ) from error

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self._addresses[0]).is_loopback

    @property
    def exposure(self) -> str:
        """Whom it lets in, and to what; nothing where it is open to this machine alone."""
        if not self.local:
            return _EXPOSED.format(
                who=f"Everyone who can reach port {self.port} of this machine", how=" and unencrypted"
            )
        if self.names:
            return _EXPOSED.format(who=f"Everyone whom a proxy lets through to {', '.join(self.names)}", how=" here")
        return ""

    @property
    def url(self) -> str:
        """Its address for a browser on this machine."""
        ip = ipaddress.ip_address(self._addresses[0])
        host = "localhost" if ip.is_unspecified or self.address == "localhost" else self.address
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def listen(self) -> list[socket.socket]:
        """Return sockets that listen there; ExemplarError if there are none."""
        with contextlib.ExitStack() as opened:
            sockets = []
            for address in self._addresses:
                try:
                    sockets.append(opened.enter_context(_listening(address, self.port)))
                except OSError as error:
                    if sockets and error.errno in _NO_SUCH_ADDRESS:
                        continue  # a machine without IPv6 has one localhost
                    raise ExemplarError(_reason(error, address, self.port)) from error
            opened.pop_all()
            return sockets

    @property
    def _addresses(self) -> tuple[str, ...]:
        # Which of the two localhost is to a browser is the browser's choice, so that nobody else may have the other.
        return ("127.0.0.1", "::1") if self.address == "localhost" else (self.address,)


def serve(page: Path, place: Place, *, browser: bool | None, on_start: Callable[[str], None]) -> None:
    """Serve a Streamlit script until Ctrl+C or SIGTERM; tell its URL, and open a browser there or not.

    What is set in the ``.streamlit/config.toml`` beside the script wins over all other files of that name. Streamlit's
    variables of the environment, which would win over that, are not read.
    """
    sockets = place.listen()
    import uvicorn
    from starlette.middleware import Middleware
    from streamlit import config
    from streamlit.starlette import App

    @contextlib.asynccontextmanager
    async def lifespan(_: App) -> AsyncIterator[None]:
        on_start(url)
        if opens:
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        yield

    guard = Middleware(Guard, names=(place.address, *place.names), by_address=not place.local)
    app = App(page, lifespan=lifespan, middleware=[guard, Middleware(Turns)])
    has_screen = not config.get_option("server.headless")  # reads the files, which sets the levels of all logs too
    opens = has_screen if browser is None else browser
    config.set_option("server.allowedHosts", ["*"])  # the guard knows better
    url = f"{place.url}/{config.get_option('server.baseUrlPath').strip('/')}"
    settings = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_per_message_deflate=not place.local or bool(place.names),  # on one machine it is work for nothing
        ws_max_size=_MOST_MEGABYTES * 2**20,
        ws_ping_interval=_PING_SECONDS,
        ws_ping_timeout=_PING_SECONDS,
        log_level="warning",
        access_log=False,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends it as Ctrl+C does
    server = uvicorn.Server(settings)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=sockets)
        if not server.started:
            raise OSError("the app did not start; what stands above says why")


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
        return f"you may not listen on port {port}; choose one above 1023, as exemplar app --port 8501"
    if error.errno in _NO_SUCH_ADDRESS:
        return f"this machine has no address {address}; give one that it has (0.0.0.0: all), or leave --address out"
    return f"it can't listen on {address}, port {port}: {error.strerror or error}"
