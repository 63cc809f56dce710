"""Serve the interface until Ctrl+C or SIGTERM."""

from collections.abc import Callable

from exemplar.api.access import new_token
from exemplar.api.app import api_app
from exemplar.ui.server.listening import ListenAddress, run

_EXPOSED = (
    "Everyone who can reach port {port} of this machine and has the token can, unencrypted, read all corpora and all "
    "sessions, and mark. The token itself travels unencrypted: who listens on the way has it. docs/serving.md says how "
    "to put a proxy that encrypts in front."
)
_MOST_WAITING = 10  # seconds for requests that run when the server is to end


def exposure_of(address: ListenAddress) -> str:
    """Return a warning: who may learn what; empty if only this machine can reach the interface."""
    return "" if address.local else _EXPOSED.format(port=address.port)


def serve_api(address: ListenAddress, on_start: Callable[[str], None]) -> None:
    """Serve the interface, with a new token.

    Parameters
    ----------
    on_start
        Takes the URL once it is served.

    Raises
    ------
    ExemplarError
        The address can't be listened on; the token of the last start stays then.
    """
    sockets = address.listen()
    import uvicorn

    app = api_app(
        new_token(),
        names=(address.address, *address.names),
        by_address=not address.local,
        on_start=lambda: on_start(address.url),
    )
    settings = uvicorn.Config(
        app,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_MOST_WAITING,
    )
    run(settings, sockets)
