"""``exemplar sessions`` lists the saved sessions, and takes marks into one."""

from collections.abc import Sequence
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from exemplar.cli.opening import session_named
from exemplar.cli.terminal import output, plain, print_json, say
from exemplar.data.errors import ExemplarError

if TYPE_CHECKING:
    from exemplar.retrieval.feedback import Mark
    from exemplar.retrieval.importing.added_marks import Import
    from exemplar.retrieval.importing.marks_file import MarkFile
    from exemplar.retrieval.sessions.store import SavedSession

_MOST_LINES = 20  # of contradictions, and of rows left out

sessions = typer.Typer()


class Choice(Enum):
    """Whose marks count where a session and a file differ."""

    keep = "keep"
    take = "take"


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


@sessions.command(name="import")
def import_marks(
    session: Annotated[str, typer.Argument(help="A session, by its id or its name.")],
    file: Annotated[Path, typer.Argument(help="A table or references of any kind, or a folder that datasets saved.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    contradictions: Annotated[
        Choice, typer.Option(help="Where the session has another mark or note: keep it, or take the file's.")
    ] = Choice.keep,
    column: Annotated[
        str | None, typer.Option(help="The column with marks or labels; by default the one with a usual name.")
    ] = None,
    relevant: Annotated[
        list[str] | None, typer.Option(metavar="VALUE", help="A label that means relevant; repeat it for more.")
    ] = None,
    not_relevant: Annotated[
        list[str] | None, typer.Option(metavar="VALUE", help="A label that means not relevant; repeat it for more.")
    ] = None,
    unsure: Annotated[
        list[str] | None, typer.Option(metavar="VALUE", help="A label that means unsure; repeat it for more.")
    ] = None,
    others_not_relevant: Annotated[
        bool, typer.Option("--others-not-relevant", help="All other labels mean not relevant.")
    ] = False,
) -> None:
    """Take the marks and notes of a file into a session; a preview says what matches and what will change."""
    from exemplar.data.corpus.corpus import open_corpus
    from exemplar.retrieval.importing.added_marks import added_marks
    from exemplar.retrieval.importing.marks_file import read_marks
    from exemplar.retrieval.importing.taking import events_of
    from exemplar.retrieval.sessions.identity import present_marks
    from exemplar.retrieval.sessions.store import home_store

    opened, store = session_named(session), home_store()
    corpus, texts = open_corpus(opened.corpus), store.texts(opened.session_id)
    read = read_marks(file, file.name, corpus.manifest.source.columns, column)
    read = _with_meaning(read, relevant or [], not_relevant or [], unsure or [], others=others_not_relevant)
    followed = present_marks(opened.marks, corpus, lambda: texts).events
    present = opened.after(*followed)
    found = added_marks(read, corpus, present.marks, texts, present.notes, present.reasons)
    _print_preview(found)
    events = events_of(found, file.name, present, contradictions.value)
    if dry_run or not events:
        say("Nothing was changed." if events else "Nothing to take in; nothing was changed.")
        return
    for event in (*followed, *events):
        store.record(opened, event, corpus_id=corpus.manifest.corpus_id)
    say(f"Taken in: {'; '.join(event.describe() for event in events)}.")


def _with_meaning(
    file: "MarkFile", relevant: Sequence[str], not_relevant: Sequence[str], unsure: Sequence[str], *, others: bool
) -> "MarkFile":
    """Return a file with marks by the values of its labels; ExemplarError if they need a choice and there is none."""
    from exemplar.retrieval.importing.in_words import values_line

    chosen: list[tuple[Mark, Sequence[str]]] = [
        ("positive", relevant),
        ("negative", not_relevant),
        ("unsure", unsure),
    ]
    meaning = {value: mark for mark, values in chosen for value in values}
    if file.labels is None:
        if meaning or others:
            raise ExemplarError("the file has marks, not labels; leave out what says which labels mean which mark")
        return file
    unknown = next((value for value in meaning if value not in file.labels.values), None)
    if unknown is not None or not meaning:
        what = f"no row has the label '{unknown}'; " if unknown is not None else ""
        raise ExemplarError(f"{what}{values_line(file.labels)} (--relevant VALUE, --not-relevant VALUE)")
    return file.with_meaning(meaning, "negative" if others else None)


def _print_preview(found: "Import") -> None:
    from exemplar.retrieval.importing.in_words import contradiction_line, preview_lines

    for line in preview_lines(found):
        say(line)
    _print_some([contradiction_line(each) for each in found.contradictions], "contradictions")
    _print_some(found.left_out, "rows left out")


def _print_some(lines: Sequence[str], what: str) -> None:
    for line in lines[:_MOST_LINES]:
        say(f"  {line}")
    if len(lines) > _MOST_LINES:
        say(f"  … and {len(lines) - _MOST_LINES:,} more {what}")
