"""``exemplar export`` writes the rows of a session's corpus to a file, as they came, with marks, ranks and scores."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from exemplar.cli.opening import check_file, open_engine, session_named
from exemplar.cli.terminal import errors, plain, say
from exemplar.data.errors import ExemplarError

if TYPE_CHECKING:
    from exemplar.retrieval.exports.choice import Choice
    from exemplar.retrieval.exports.export import Export
    from exemplar.retrieval.sessions.session import Session

_ROWS = "all, relevant, not-relevant, unsure, marked, unmarked, passing, or 'first N'"
_FIRST = re.compile(r"first\s+(\d{1,12})")


def export(
    session: Annotated[str, typer.Argument(help="Name or id of a session; the page's address has the id.")],
    file: Annotated[
        Path,
        typer.Argument(help="Ends in .csv, .xlsx, .parquet, .jsonl, .ris, .bib or .zip (of a datasets folder)."),
    ],
    format: Annotated[
        Literal["csv", "xlsx", "parquet", "jsonl", "ris", "bibtex", "dataset", "dataset-zip"] | None,
        typer.Option(help="By default what the name says; dataset is a folder for datasets.load_from_disk."),
    ] = None,
    rows: Annotated[
        str,
        typer.Option(
            metavar="ROWS",
            help=f"{_ROWS}. marked: with a mark or a note; passing: through the session's filters; first: of the list "
            "of --ranker.",
        ),
    ] = "all",
    order: Annotated[
        Literal["file", "rank"],
        typer.Option(help="As in the file, or by rank in the list of --ranker; what has no rank follows."),
    ] = "file",
    ranker: Annotated[
        Literal["knn", "words", "hybrid", "svm", "anchored-vectors", "anchored"] | None,
        typer.Option(help="The list that decides; by default the session's last one. Its ranks are in the file too."),
    ] = None,
    delimiter: Annotated[
        str, typer.Option(help="Between the cells of a CSV file: a sign, or comma, semicolon or tab.")
    ] = ",",
) -> None:
    """Export a session: every column of the file as it came, with marks, notes, and rank and score in both lists."""
    from exemplar.cli.progress import counting
    from exemplar.data.files.options import ReadOptions
    from exemplar.retrieval.exports.writing import format_of_name, unwritten_columns, write_export

    chosen = format or format_of_name(file)
    choice = _choice(rows, order, ranker)
    separator = ReadOptions(delimiter=delimiter).checked().separator or ","
    if chosen != "dataset":
        check_file(file)
    else:
        check_file(file.absolute().parent / "x")
    found = session_named(session)
    with counting("Exporting") as on_progress:
        made = _export_of(found, choice)
        write_export(made, file, chosen, delimiter=separator, on_progress=on_progress)
    say(f"Wrote {made.n_rows:,} {'row' if made.n_rows == 1 else 'rows'} to {file}.")
    if not made.n_rows:
        say(choice.why_empty)
    if not made.about["corpus"]["documents"]:
        say(f"The corpus {found.corpus} is not here any more: these are the marks that the session has kept.")
    if unwritten := unwritten_columns(made, chosen):
        line = f"Not in it, as this format has no place for them: {', '.join(unwritten)}."
        errors.print(plain(line), style="dim")


def _choice(rows: str, order: Literal["file", "rank"], ranker: str | None) -> "Choice":
    from exemplar.retrieval.exports.choice import WHICH, Choice

    words = " ".join(rows.split()).lower()
    if match := _FIRST.fullmatch(words):
        return Choice("first", int(match[1]), order, ranker)  # type: ignore[arg-type]
    which = words.replace("-", " ")
    if which not in WHICH or which == "first":
        raise ExemplarError(f"the rows to export can be {_ROWS}; got '{rows[:50]}'")
    return Choice(which, None, order, ranker)  # type: ignore[arg-type]


def _export_of(session: "Session", choice: "Choice") -> "Export":
    """Return the export of a session; of one whose corpus was removed, what is kept of its marks."""
    from exemplar.data.corpus.corpus import empty_corpus
    from exemplar.data.errors import CorpusNotFound
    from exemplar.retrieval.exports.from_session import session_export
    from exemplar.retrieval.sessions.identity import present_marks
    from exemplar.retrieval.sessions.store import home_store

    store = home_store()
    try:
        engine = open_engine(session.corpus, None)
    except CorpusNotFound:
        engine = None
    corpus = engine.corpus if engine else empty_corpus(session.corpus)
    marks = present_marks(session.marks, corpus, lambda: store.texts(session.session_id))
    title = store.title(session.session_id)
    return session_export(session.after(*marks.events), marks, corpus, choice, title, engine)
