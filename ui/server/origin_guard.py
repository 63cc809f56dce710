"""Admit only requests from pages of this app, under one of its own names."""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OWN_NAMES = {"localhost", "127.0.0.1", "::1"}
# A script that gets into a page can't load anything from elsewhere or send anything there, and no other site can frame
# the page. Streamlit's page contains an inline script, and charts are drawn by functions compiled at run time.
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
_REFUSAL = PlainTextResponse(
    "Exemplar refused this request: it was sent to a name that is not one of the app's, or by a page of another site. "
    "Whoever runs the app can add a name: exemplar app --allow-host NAME\n",
    status_code=403,
)


class OriginGuard:
    """Refuses requests that a page of another site sends through a visitor's browser, before the app sees them.

    If such a site points a name at this machine (DNS rebinding), the name is in the Host header; any other page of the
    site is in the Origin header. Streamlit itself admits pages of other ports, and calls a service on the internet to
    learn this machine's address when it does not know an Origin.

    Parameters
    ----------
    names
        The names of the app besides localhost.
    by_address
        Whether to admit every IP address as a name too; the name of a site is never an IP address.
    refusal
        Answers what is refused.
    """

    def __init__(self, app: ASGIApp, *, names: Iterable[str], by_address: bool, refusal: ASGIApp = _REFUSAL) -> None:
        self._app, self._by_address, self._refusal = app, by_address, refusal
        self._names = _OWN_NAMES | {name.lower().strip("[]") for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the app, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif self._admits(Headers(scope=scope)):
            await self._app(scope, receive, _with_policy(send))
        else:
            await self._refusal(scope, receive, send)

    def _admits(self, headers: Headers) -> bool:
        host, origin = headers.get("host", ""), headers.get("origin")
        try:
            name = urlsplit(f"//{host}").hostname or ""
            is_same_origin = origin is None or urlsplit(origin).netloc.lower() == host.lower()
        except ValueError:
            return False
        return is_same_origin and (name in self._names or (self._by_address and _is_address(name)))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _with_policy(send: Send) -> Send:
    """Return a function that adds the content security policy to responses, and sends them."""

    async def send_with_policy(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("Content-Security-Policy", _POLICY)
        await send(message)

    return send_with_policy
