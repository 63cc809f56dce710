"""The interface as an ASGI application: guards around the routes of ``OPERATIONS``."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from exemplar.api.access import TokenGate
from exemplar.api.answers import answer, failure, refusal
from exemplar.api.engines import Engines
from exemplar.api.openapi import PAGE_POLICY, openapi, page
from exemplar.api.operations import OPERATIONS, Operation
from exemplar.api.reading import MOST_BYTES, body_of, check_no_body, parameters_of
from exemplar.ui.server.origin_guard import OriginGuard

_PAGE, _DESCRIPTION = "/", "/openapi.json"
_OTHER_SITE = (
    "this was sent by a page of another site, or to a name that is not one of the interface's; whoever runs it can add "
    "a name: exemplar serve --api --allow-host NAME"
)


def api_app(
    token: str,
    *,
    names: Iterable[str] = (),
    by_address: bool = False,
    engines: Engines | None = None,
    on_start: Callable[[], None] = lambda: None,
    most_bytes: int = MOST_BYTES,
) -> Starlette:
    """Return the interface.

    Parameters
    ----------
    token
        What requests carry.
    names, by_address
        As for ``OriginGuard``.
    on_start
        Called once it answers.
    most_bytes
        Of a body.
    """
    opened = engines or Engines()
    guard = Middleware(OriginGuard, names=names, by_address=by_address, refusal=refusal(403, _OTHER_SITE))
    gate = Middleware(TokenGate, token=token, open_paths=(_PAGE, _DESCRIPTION))
    return Starlette(
        routes=[*_description(), *(_route(operation, opened, most_bytes) for operation in OPERATIONS)],
        middleware=[guard, gate],
        exception_handlers={HTTPException: _refused},
        lifespan=_lifespan(on_start),
    )


def _route(operation: Operation, engines: Engines, most_bytes: int) -> Route:
    async def endpoint(request: Request) -> JSONResponse:
        try:
            given = await _given(request, operation, most_bytes)
            return answer(await run_in_threadpool(operation.call, engines, given), operation.status)
        except asyncio.CancelledError:  # it takes longer than the server waits at its end
            return refusal(503, "the interface is ending; ask again when it runs")
        except Exception as error:
            return await run_in_threadpool(failure, error)

    return Route(operation.path, endpoint, methods=[operation.method], name=operation.name)


async def _given(request: Request, operation: Operation, most_bytes: int) -> dict[str, Any]:
    """Return what a request holds; raises ExemplarError or HTTPException if it is not as it must be."""
    given = parameters_of(request, operation.parameters)
    if operation.body is None:
        await check_no_body(request)
    else:
        given |= await body_of(request, operation.body, most_bytes)
    return given | request.path_params


def _description() -> list[Route]:
    @functools.cache
    def shown() -> Response:
        return HTMLResponse(page(), headers={"Content-Security-Policy": PAGE_POLICY})

    @functools.cache
    def described() -> Response:
        return answer(openapi())

    return [
        Route(_PAGE, lambda request: shown(), methods=["GET"]),
        Route(_DESCRIPTION, lambda request: described(), methods=["GET"]),
    ]


async def _refused(request: Request, error: Exception) -> JSONResponse:
    """Answer what no route takes."""
    if isinstance(error, HTTPException) and error.status_code == 404:
        return refusal(404, "there is nothing at this address; / says what there is")
    if isinstance(error, HTTPException) and error.status_code == 405:
        error = HTTPException(405, f"{request.method[:20]} is not answered here; / says what is", error.headers)
    return failure(error)


def _lifespan(on_start: Callable[[], None]) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        on_start()
        yield

    return lifespan
