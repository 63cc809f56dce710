"""Who is answered: pages of this very app, asked for under a name that it goes by."""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OWN_NAMES = {"localhost", "127.0.0.1", "::1"}
# Whatever should come to run in a page could load nothing from elsewhere, send nothing there, and be in no other page.
# Streamlit's own page has a script in it, and charts are drawn by functions that are made as they are needed.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_REFUSED = (
    "Exemplar does not answer here: it was asked under a name that it does not go by, or by a page of another site. "
    "Whoever runs it can add a name: exemplar app --allow-host NAME\n"
)


class Guard:
    """Refuses, before Streamlit sees it, what a page of another site could send through a visitor's browser.

    A name that such a site has pointed at this machine (DNS rebinding) shows in the Host header, and any other page of
    that site in the Origin header. Streamlit itself lets pages of other ports in, and asks a service on the internet
    for this machine's address when it meets an Origin that it does not know.

    Parameters
    ----------
    names
        That the app goes by beside localhost.
    by_address
        Whether it goes by any IP address too: no site's name is one.
    """

    def __init__(self, app: ASGIApp, *, names: Iterable[str], by_address: bool) -> None:
        self._app, self._by_address = app, by_address
        self._names = _OWN_NAMES | {name.lower().strip("[]") for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse, or pass on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif self._admits(Headers(scope=scope)):
            await self._app(scope, receive, _closed(send))
        else:
            await PlainTextResponse(_REFUSED, status_code=403)(scope, receive, send)

    def _admits(self, headers: Headers) -> bool:
        host, origin = headers.get("host", ""), headers.get("origin")
        try:
            name = urlsplit(f"//{host}").hostname or ""
            of_this_app = origin is None or urlsplit(origin).netloc.lower() == host.lower()
        except ValueError:
            return False
        return of_this_app and (name in self._names or (self._by_address and _is_address(name)))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _closed(send: Send) -> Send:
    """Return what sends answers whose pages keep to themselves, and that no other site may show in a frame."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("Content-Security-Policy", _POLICY)
        await send(message)

    return sending
