"""``exemplar left`` says how much of a screening is left, and what may be claimed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from exemplar.cli.opening import check_file, session_named
from exemplar.cli.terminal import errors, output, plain, say

if TYPE_CHECKING:
    from exemplar.data.corpus.corpus import Corpus
    from exemplar.retrieval.screening.bounds import Target
    from exemplar.retrieval.screening.left import Claim, Left
    from exemplar.retrieval.sessions.session import Session
    from exemplar.retrieval.sessions.store import SessionStore


def left(
    session: Annotated[str, typer.Argument(help="Name or id of a session; the page's address has the id.")],
    recall: Annotated[
        float | None, typer.Option(help="The share of the relevant records to be found; by default the session's.")
    ] = None,
    confidence: Annotated[
        float | None, typer.Option(help="With which this may be claimed; by default the session's.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write all figures as JSON.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Draw relevant against read, with what may be left.")
    ] = None,
) -> None:
    """Say how many relevant records may be left in a session, and what it takes to stop."""
    from exemplar.data.corpus.corpus import open_corpus
    from exemplar.data.home import write_atomically
    from exemplar.retrieval.screening.bounds import Target
    from exemplar.retrieval.screening.chart import left_svg
    from exemplar.retrieval.screening.from_session import record_of
    from exemplar.retrieval.screening.left import how_much_is_left
    from exemplar.retrieval.sessions.store import home_store

    for path in (json_file, plot):
        check_file(path)
    store = home_store()
    opened = session_named(session)
    target = Target(
        opened.settings.recall if recall is None else recall,
        opened.settings.confidence if confidence is None else confidence,
    )
    corpus = open_corpus(opened.corpus)
    record = record_of(_as_of_now(opened, corpus, store), corpus)
    result = how_much_is_left(record, target)
    _print(result)
    if json_file:
        write_atomically(json_file, _json(result, opened, target))
    if plot:
        write_atomically(plot, left_svg(record, target))
        errors.print(plain(f"Wrote {plot}"), style="dim", soft_wrap=True)


def _as_of_now(session: "Session", corpus: "Corpus", store: "SessionStore") -> "Session":
    """Return a session whose marks have followed their texts, as the page has it."""
    from exemplar.retrieval.sessions.identity import present_marks

    marks = present_marks(session.marks, corpus, lambda: store.texts(session.session_id))
    return session.after(*marks.events)


def _print(left: "Left") -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    for name, value, remark in _rows(left):
        table.add_row(plain(name), plain(f"{value:,}"), plain(remark))
    output.print(table)
    say(left.sentence)
    if left.needs:
        say(left.needs)


def _rows(left: "Left") -> list[tuple[str, int, str]]:
    since = "read in ranked order since the last relevant or unsure one"
    found = "" if left.since_last is None else f"{left.since_last:,} {since}"
    bounds = f"{left.low:,} to {left.high:,}"
    if left.estimate == left.n_unread > 0:
        bounds += ": nothing bounds it yet"
    rows = [
        ("Read", left.n_read, f"{left.n_unread:,} unread"),
        ("Relevant", left.n_relevant, found),
        ("Unsure", left.n_unsure, "count as relevant and not found" if left.n_unsure else ""),
        ("Relevant left, estimated", left.estimate, bounds),
        ("Left at most, by the rule", left.rule.high, _claimed(left.rule)),
    ]
    if left.check:
        waiting = f"; {len(left.drawn_left):,} drawn are not judged" if left.drawn_left else ""
        rows.append(("Left at most, by random checks", left.check.high, _claimed(left.check) + waiting))
    return rows


def _claimed(claim: "Claim") -> str:
    return "enough to stop" if claim.holds else "not enough to stop"


def _json(left: "Left", session: "Session", target: "Target") -> bytes:
    import json
    from dataclasses import asdict

    figures: dict[str, Any] = asdict(left)
    figures["open_draw"] = left.open_draw and left.open_draw.number
    figures["drawn_left"] = list(left.drawn_left)
    about = {"session": session.session_id, "corpus": session.corpus, "target": asdict(target)}
    return (json.dumps(about | figures, indent=2) + "\n").encode()
