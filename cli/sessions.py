"""``exemplar sessions`` lists the saved sessions, and takes marks into one."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from exemplar.cli.terminal import output, plain, print_json, say

if TYPE_CHECKING:
    from exemplar.retrieval.sessions.store import SavedSession

sessions = typer.Typer()


@sessions.callback(invoke_without_command=True)
def list_all(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the saved sessions, the last changed first; take marks into one."""
    if context.invoked_subcommand:
        return
    from exemplar.retrieval.sessions.store import home_store

    saved = home_store().saved()
    if as_json:
        print_json([asdict(session) for session in saved])
    elif saved:
        _print_table(saved)
    else:
        say("No session yet. Begin one: exemplar app")


def _print_table(saved: "Sequence[SavedSession]") -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("Session", "Name or first query", "Corpus", "Changed"):
        table.add_column(column, overflow="fold")
    for session in saved:
        cells = (session.session_id, session.title or "unnamed", session.corpus, session.changed[:16].replace("T", " "))
        table.add_row(*map(plain, cells))
    output.print(table)
