"""``exemplar app`` opens the app in the browser; ``exemplar serve --api`` answers programs."""

import os
from pathlib import Path
from typing import Annotated

import typer

from exemplar.cli.opening import INDEX_HELP
from exemplar.cli.terminal import errors, plain, say
from exemplar.data.errors import ExemplarError


def open_app(
    port: Annotated[int, typer.Option(help="Port to listen on.", envvar="STREAMLIT_SERVER_PORT", min=1, max=65535)] = (
        8501
    ),
    address: Annotated[
        str,
        typer.Option(
            help="IP address to listen on, 0.0.0.0 for all of this machine's: lets others in, without a login.",
            envvar="STREAMLIT_SERVER_ADDRESS",
        ),
    ] = "localhost",
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name that others reach it by, such as a proxy's; repeatable."),
    ] = None,
    browser: Annotated[
        bool | None, typer.Option("--browser/--no-browser", help="Open it in a browser (default: where there is one).")
    ] = None,
    index: Annotated[str | None, typer.Option(metavar="URI", help=INDEX_HELP)] = None,
) -> None:
    """Open the app in the browser, on localhost alone unless told otherwise."""
    from exemplar.ui.server.listening import ListenAddress
    from exemplar.ui.server.serve import exposure_of, serve

    listen_address = ListenAddress(address, port, tuple(allow_host or ()))
    if index:
        _use_index(index)
    if exposure := exposure_of(listen_address):
        errors.print(plain(exposure), soft_wrap=True)
    page = Path(__file__).resolve().parents[1] / "app.py"
    serve(
        page, listen_address, browser=browser, on_start=lambda url: say(f"Exemplar is open at {url} (Ctrl+C ends it)")
    )


def _use_index(uri: str) -> None:
    from exemplar.data.milvus.server import ADDRESS, Server

    server = Server(uri)
    server.manifests()  # fails here, before a page opens, if Milvus does not answer
    os.environ[ADDRESS] = server.uri


def serve_api(
    api: Annotated[bool, typer.Option("--api", help="Answer JSON over HTTP; a token is needed.")] = False,
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8600,
    address: Annotated[
        str, typer.Option(help="IP address to listen on, 0.0.0.0 for all of this machine's: unencrypted.")
    ] = "localhost",
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name that others reach it by, such as a proxy's; repeatable."),
    ] = None,
) -> None:
    """Serve search, marks and sessions to programs, on localhost alone unless told otherwise."""
    from exemplar.api.access import token_path
    from exemplar.api.serve import exposure_of, serve_api
    from exemplar.ui.server.listening import ListenAddress

    if not api:
        raise ExemplarError("exemplar serve answers programs: exemplar serve --api; the page opens by: exemplar app")
    listen_address = ListenAddress(address, port, tuple(allow_host or ()), "exemplar serve --api")
    if exposure := exposure_of(listen_address):
        errors.print(plain(exposure), soft_wrap=True)
    serve_api(listen_address, lambda url: _started(url, str(token_path())))


def _started(url: str, token: str) -> None:
    say(f"Exemplar answers programs at {url}, which says how (Ctrl+C ends it)")
    say(f"The token is in {token}")
