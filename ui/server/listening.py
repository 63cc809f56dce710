"""Listen on an address and a port, and serve until Ctrl+C or SIGTERM."""

import contextlib
import errno
import ipaddress
import signal
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exemplar.data.errors import ExemplarError

if TYPE_CHECKING:
    import uvicorn

_NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """The address and the port that a server listens on.

    Attributes
    ----------
    address
        ``localhost``, or an IP address of this machine; 0.0.0.0 and :: mean all of its addresses.
    names
        Further names by which the server is reached, such as the name of a proxy.
    command
        The command that starts the server, for messages.

    Raises
    ------
    ExemplarError
        The address is neither ``localhost`` nor an IP address.
    """

    address: str
    port: int
    names: tuple[str, ...] = ()
    command: str = "exemplar app"

    def __post_init__(self) -> None:
        try:
            ipaddress.ip_address(self._addresses[0])  # to resolve a name would need another server
        except ValueError as error:
            raise ExemplarError(
                f"{self.command} can't listen on '{self.address}': use localhost, or an IP address of this machine "
                "(0.0.0.0: all of them)"
            ) from error

    @property
    def local(self) -> bool:
        """Whether only this machine can reach the server."""
        return ipaddress.ip_address(self._addresses[0]).is_loopback

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
                    raise ExemplarError(self._reason(error, address)) from error
            opened.pop_all()
            return sockets

    @property
    def _addresses(self) -> tuple[str, ...]:
        # A browser may choose either address for localhost, so no other program may listen on one of the two.
        return ("127.0.0.1", "::1") if self.address == "localhost" else (self.address,)

    def _reason(self, error: OSError, address: str) -> str:
        """Return why an address can't be listened on, and what to do."""
        if error.errno == errno.EADDRINUSE:
            return (
                f"port {self.port} is in use, perhaps by Exemplar in another terminal; use that, or choose another "
                f"port: {self.command} --port {self.port % 65535 + 1}"
            )
        if error.errno == errno.EACCES:
            return f"you may not listen on port {self.port}; choose one above 1023: {self.command} --port 8501"
        if error.errno in _NO_SUCH_ADDRESS:
            return (
                f"this machine has no address {address}; use one of its addresses (0.0.0.0: all), or leave --address "
                "out"
            )
        return f"{self.command} can't listen on {address}, port {self.port}: {error.strerror or error}"


def run(settings: "uvicorn.Config", sockets: list[socket.socket]) -> None:
    """Serve on open sockets until Ctrl+C or SIGTERM; raises OSError if the server does not start."""
    import uvicorn

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends the server as Ctrl+C does
    server = uvicorn.Server(settings)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=sockets)
        if not server.started:
            raise OSError("the server did not start; the lines above say why")


def _listening(address: str, port: int) -> socket.socket:
    is_v6 = ":" in address
    both = is_v6 and ipaddress.ip_address(address).is_unspecified and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if is_v6 else socket.AF_INET
    return socket.create_server((address, port), family=family, backlog=2048, dualstack_ipv6=both)
