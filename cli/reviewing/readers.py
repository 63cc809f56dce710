"""``exemplar compare``, ``join`` and ``flow``: sessions of several readers, and what a review reports."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from exemplar.cli.opening import check_file, session_named
from exemplar.cli.terminal import errors, output, plain, say
from exemplar.data.errors import ExemplarError
from exemplar.data.text import replace_lone_surrogates

if TYPE_CHECKING:
    from exemplar.data.corpus.corpus import Corpus
    from exemplar.retrieval.screening.readers import Comparison, Judgement, Reading
    from exemplar.retrieval.sessions.session import Session

_LONGEST_TITLE = 100  # characters
_MOST_CONFLICTS = 20  # in the terminal
_FIRST = "A session, by its id or its name."
_SECOND = "The other one."


def compare(
    first: Annotated[str, typer.Argument(metavar="SESSION", help=_FIRST)],
    second: Annotated[str, typer.Argument(metavar="SESSION", help=_SECOND)],
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all of it to a JSON file.")
    ] = None,
    conflicts_file: Annotated[
        Path | None, typer.Option("--conflicts", metavar="FILE.csv", help="Write the list of conflicts to a CSV file.")
    ] = None,
) -> None:
    """Compare the marks of two readers; this ends their blindness."""
    from exemplar.data.home import write_atomically
    from exemplar.retrieval.screening.readers import compare as compare_readings
    from exemplar.retrieval.screening.readers import conflicts_csv

    for path in (json_file, conflicts_file):
        check_file(path)
    readings = _readings(first, second)
    found = compare_readings(*readings)
    _print_comparison(found)
    if json_file:
        write_atomically(json_file, _as_json(found.to_json()))
    if conflicts_file:
        write_atomically(conflicts_file, conflicts_csv(found))


def join(
    first: Annotated[str, typer.Argument(metavar="SESSION", help=f"{_FIRST} Query, filters and corpus are its own.")],
    second: Annotated[str, typer.Argument(metavar="SESSION", help=_SECOND)],
    name: Annotated[str, typer.Option(help="Of the new session.", show_default=False)] = "",
    reader: Annotated[str, typer.Option(help="Who settles the conflicts.", show_default=False)] = "",
) -> None:
    """Join two sessions into a new one, in which conflicts are unsure until someone settles them; the two stay."""
    from exemplar.retrieval.screening.joining import joined
    from exemplar.retrieval.sessions.store import home_store

    readings = _readings(first, second)
    corpus = _corpus_of(readings[0].session)
    found = joined(*readings, corpus, *map(replace_lone_surrogates, (name, reader)))  # SQLite could not read them
    session_id = home_store().begin(corpus.manifest.name, found.events, corpus.manifest.corpus_id)
    for line in found.left_out:
        errors.print(plain(f"Left out: {line}"), style="dim")
    title = home_store().title(session_id)
    say(f"Joined as {session_id}: {title}. {_conflicts(found.n_conflicts)} to settle, under Marks on the page.")


def flow(
    session: Annotated[str, typer.Argument(metavar="SESSION", help=_FIRST)],
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the counts to a JSON file.")
    ] = None,
    svg_file: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Draw the PRISMA 2020 flow diagram to an SVG file.")
    ] = None,
) -> None:
    """Count what a review reports: records, duplicates, screened, excluded with reasons, included."""
    from exemplar.data.home import write_atomically
    from exemplar.retrieval.screening.flow import flow_of
    from exemplar.retrieval.screening.flow_chart import flow_svg
    from exemplar.retrieval.sessions.store import home_store

    for path in (json_file, svg_file):
        check_file(path)
    found, store = session_named(session), home_store()
    counts = flow_of(
        store.title(found.session_id) or found.session_id,
        found,
        _corpus_of(found),
        lambda: store.texts(found.session_id),
    )
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    for words, n, depth in counts.lines():
        table.add_row(plain(f"{'  ' * depth}{words}"), f"{n:,}")
    output.print(table)
    if counts.n_lost:
        line = f"Not counted: {counts.n_lost:,} marks on texts that the corpus does not have."
        errors.print(plain(line), style="dim")
    if json_file:
        write_atomically(json_file, _as_json(counts.to_json()))
    if svg_file:
        write_atomically(svg_file, flow_svg(counts))


def _readings(first: str, second: str) -> "tuple[Reading, Reading]":
    """Return what two saved sessions say; raises ExemplarError if they are one."""
    sessions = session_named(first), session_named(second)
    if sessions[0].session_id == sessions[1].session_id:
        raise ExemplarError(f"'{first}' and '{second}' are the same session; name two")
    return _reading(sessions[0]), _reading(sessions[1])


def _reading(session: "Session") -> "Reading":
    from exemplar.retrieval.screening.readers import reading_of
    from exemplar.retrieval.sessions.store import home_store

    store = home_store()
    title = store.title(session.session_id) or session.session_id
    return reading_of(title, session, _corpus_of(session), lambda: store.texts(session.session_id))


def _corpus_of(session: "Session") -> "Corpus":
    """Return the corpus of a session; one without documents if it was removed, since marks keep their texts."""
    from exemplar.data.corpus.corpus import empty_corpus, open_corpus
    from exemplar.data.errors import CorpusNotFound

    try:
        return open_corpus(session.corpus)
    except CorpusNotFound:
        return empty_corpus(session.corpus)


def _print_comparison(found: "Comparison") -> None:
    from exemplar.retrieval.feedback import MARK_NAMES

    first, second = found.names
    n_first, n_second = len(found.only_first), len(found.only_second)
    say(f"Marked by both: {len(found.both):,}; by {first} alone: {n_first:,}; by {second} alone: {n_second:,}.")
    if found.agreement is not None:
        say(f"Agreement: {found.agreement:.1%}, {_conflicts(len(found.conflicts))}.")
        say(f"Cohen's kappa over three classes (relevant, not relevant, unsure): {_figure(found.kappa)}.")
        say(f"Cohen's kappa over two, of the records that neither is unsure about: {_figure(found.kappa_of_two)}.")
        table = Table(box=None, pad_edge=False)
        table.add_column(plain(f"{first} \\ {second}"))
        for mark in MARK_NAMES.values():
            table.add_column(mark, justify="right")
        for mark, row in found.table.items():
            table.add_row(MARK_NAMES[mark], *(f"{n:,}" for n in row.values()))
        output.print(table)
    _print_conflicts(found)
    for name, n in zip(found.names, found.unknown, strict=True):
        if n:
            errors.print(plain(f"Left out: {n:,} marks of {name} whose texts no one knows."), style="dim")


def _print_conflicts(found: "Comparison") -> None:
    if not found.conflicts:
        return
    table = Table("Document", "Title", box=None, pad_edge=False)
    for name in found.names:
        table.add_column(plain(name), overflow="fold")
    for one, other in found.conflicts[:_MOST_CONFLICTS]:
        cells = (one.doc_id, _title(one), _said(one), _said(other))
        table.add_row(*map(plain, cells))
    output.print(table)
    if len(found.conflicts) > _MOST_CONFLICTS:
        say(f"… and {len(found.conflicts) - _MOST_CONFLICTS:,} more; --conflicts FILE.csv writes all.")


def _title(judgement: "Judgement") -> str:
    title = judgement.title
    return title if len(title) <= _LONGEST_TITLE else f"{title[:_LONGEST_TITLE]}…"


def _said(judgement: "Judgement") -> str:
    from exemplar.retrieval.feedback import MARK_NAMES

    mark = MARK_NAMES[judgement.mark] if judgement.mark else ""
    return "\n".join(filter(None, [mark, judgement.reason, judgement.note]))


def _conflicts(n: int) -> str:
    return "1 conflict" if n == 1 else f"{n:,} conflicts"


def _figure(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"


def _as_json(content: object) -> bytes:
    import json

    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode(errors="backslashreplace")
