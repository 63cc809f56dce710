"""Start and end the app's server; say whom it admits."""

import contextlib
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from exemplar.retrieval.exports import waiting
from exemplar.ui.server.click_queue import ClickQueue
from exemplar.ui.server.listening import ListenAddress, run
from exemplar.ui.server.origin_guard import OriginGuard

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from streamlit.starlette import App

_MOST_MEGABYTES = 200  # of a message from the browser; uploads use HTTP
_PING_SECONDS = 30
_DOWNLOADS = f"/{waiting.FOLDER}/{{key}}/{{name}}"
_EXPOSED = """\
{who} can, without a login{how}:
  - read all corpora and all sessions, mark, and delete them;
  - read every file of a kind that Exemplar reads and you may read on this machine, by building a corpus from it;
  - import installed packages, fetch data sets under your name and fill the disk, by the same page.
docs/serving.md says how to serve others with a login."""


def exposure_of(address: ListenAddress) -> str:
    """Return a warning: who is admitted, and to what; empty if only this machine can reach the app."""
    if not address.local:
        return _EXPOSED.format(
            who=f"Everyone who can reach port {address.port} of this machine", how=" and unencrypted"
        )
    if address.names:
        return _EXPOSED.format(who=f"Everyone whom a proxy lets through to {', '.join(address.names)}", how=" here")
    return ""


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
    try:
        run(settings, sockets)
    finally:
        jobs.end_all()


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
