"""The token without which nothing is answered but what the interface is."""

import os
import secrets
from collections.abc import Collection
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from exemplar.api.answers import refusal
from exemplar.data.home import home_folder

_CLOSED = (
    "this needs the token: send the header 'Authorization: Bearer TOKEN' with what stands in the file that "
    "exemplar serve --api names at its start; each start makes another"
)


def token_path() -> Path:
    """Return the path of the file that holds the token."""
    return home_folder() / "api-token"


def new_token() -> str:
    """Return a new token, after it stands in its file, which nobody else on this machine may read."""
    token, path = secrets.token_urlsafe(32), token_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(f"{token}\n")
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return token


class TokenGate:
    """Refuses requests without the token.

    Parameters
    ----------
    open_paths
        What is answered without it, because it holds nothing of the person.
    """

    def __init__(self, app: ASGIApp, *, token: str, open_paths: Collection[str]) -> None:
        self._app, self._token, self._open = app, token.encode(), open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and not (scope["path"] in self._open or self._has_token(Headers(scope=scope))):
            answer = refusal(401, _CLOSED)
            answer.headers["WWW-Authenticate"] = "Bearer"
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _has_token(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and secrets.compare_digest(given.strip().encode(), self._token)
