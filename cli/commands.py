"""Register the commands of the command line, and print errors."""

import importlib.metadata
import os
import sys
import tomllib
from pathlib import Path
from typing import Annotated

import typer

from exemplar.cli.build import build
from exemplar.cli.corpora import corpora
from exemplar.cli.evaluate import evaluate
from exemplar.cli.push import push
from exemplar.cli.remedies import with_remedy
from exemplar.cli.reviewing.export import export
from exemplar.cli.reviewing.left import left
from exemplar.cli.reviewing.readers import compare, flow, join
from exemplar.cli.saved_searches.apply import apply
from exemplar.cli.saved_searches.save import save
from exemplar.cli.search import search
from exemplar.cli.serve import open_app, serve_api
from exemplar.cli.sessions import sessions
from exemplar.cli.terminal import errors, plain, say
from exemplar.data.error_log import describe_fault
from exemplar.data.errors import ExemplarError

app = typer.Typer(
    help="Semantic search over any pile of text that learns from the rows you click.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(build)
app.add_typer(corpora, name="corpora")
app.add_typer(sessions, name="sessions")
sessions.command()(save)
app.command()(search)
app.command()(evaluate)
app.command()(export)
app.command()(apply)
app.command()(left)
app.command()(compare)
app.command()(join)
app.command()(flow)
app.command()(push)
app.command(name="app")(open_app)
app.command(name="serve")(serve_api)


def _print_version(requested: bool) -> None:
    if not requested:
        return
    try:
        version = importlib.metadata.version("exemplar")
    except importlib.metadata.PackageNotFoundError:  # a clone that is not installed
        pyproject = Path(__file__).resolve().parents[1] / "pyproject.toml"
        version = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["version"]
    say(f"exemplar {version}")
    raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def main(arguments: list[str] | None = None) -> None:
    """Run the command line.

    An error that the user can act on prints one line and ends with exit code 1. Any other error is a fault of the
    program: its traceback goes to a log file, and the line names that file. If the variable ``EXEMPLAR_DEBUG`` is set,
    both kinds are raised with their traceback.
    """
    os.environ.setdefault("DATASETS_VERBOSITY", "error")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        app(args=arguments)
    except Exception as error:
        if os.environ.get("EXEMPLAR_DEBUG"):
            raise
        line = with_remedy(error) if isinstance(error, ExemplarError | OSError) else describe_fault(error)
        errors.print(plain(f"exemplar: {' '.join(line.split())}"), soft_wrap=True)
        sys.exit(1)
