"""``exemplar apply`` ranks a corpus or a new file by a saved search."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from exemplar.cli.opening import check_file, open_engine
from exemplar.cli.saved_searches.figures import print_figures
from exemplar.cli.source_options import (
    DELIMITER_HELP,
    FORMAT_HELP,
    PANEL,
    Config,
    Encoding,
    IdColumn,
    LabelColumn,
    Limit,
    Lines,
    NoHeader,
    Revision,
    SkipLines,
    Split,
    Streaming,
    TableName,
    TextColumn,
    TitleColumn,
    WithoutSeeAlso,
)
from exemplar.cli.terminal import errors, plain, say
from exemplar.data.errors import ExemplarError

if TYPE_CHECKING:
    from exemplar.data.documents import Document, Problems
    from exemplar.data.sources.spec import SourceSpec
    from exemplar.retrieval.saved_search.saved import SavedSearch
    from exemplar.retrieval.search import SearchEngine


def apply(
    file: Annotated[Path, typer.Argument(help="A saved search: exemplar sessions save writes one.")],
    target: Annotated[
        str, typer.Argument(metavar="SOURCE_OR_CORPUS", help="A corpus, or any source that exemplar build takes.")
    ],
    out: Annotated[Path, typer.Option(help="The file to write: .csv, .xlsx, .parquet, .jsonl, .ris, .bib or .zip.")],
    format: Annotated[
        Literal["csv", "xlsx", "parquet", "jsonl", "ris", "bibtex", "dataset", "dataset-zip"] | None,
        typer.Option(help="Of the file to write; by default what its name says."),
    ] = None,
    retrain: Annotated[
        bool,
        typer.Option("--retrain", help="Train on these rows anew; scores then do not compare with those elsewhere."),
    ] = False,
    threshold: Annotated[
        float | None, typer.Option(help="The least score of a row that passes: adds the column passes.")
    ] = None,
    n: Annotated[int | None, typer.Option("-n", help="Write the n best rows alone.")] = None,
    delimiter: Annotated[
        str, typer.Option(help="Between the cells of a CSV file: a sign, or comma, semicolon or tab.")
    ] = ",",
    model: Annotated[
        str | None, typer.Option(help="The model of the search, where no corpus here uses it yet: you trust it.")
    ] = None,
    config: Config = None,
    split: Split = None,
    revision: Revision = None,
    streaming: Streaming = False,
    text_column: TextColumn = None,
    title_column: TitleColumn = None,
    label_column: LabelColumn = None,
    id_column: IdColumn = None,
    limit: Limit = None,
    source_format: Annotated[str | None, typer.Option(help=FORMAT_HELP, rich_help_panel=PANEL)] = None,
    source_delimiter: Annotated[str | None, typer.Option(help=DELIMITER_HELP, rich_help_panel=PANEL)] = None,
    no_header: NoHeader = False,
    skip_lines: SkipLines = 0,
    encoding: Encoding = None,
    table: TableName = None,
    lines: Lines = False,
    without_see_also: WithoutSeeAlso = False,
) -> None:
    """Rank a corpus or a new file by a saved search; every row comes out with its own columns, rank and score."""
    from exemplar.cli.progress import counting
    from exemplar.data.files.options import ReadOptions
    from exemplar.data.sources.spec import SourceSpec
    from exemplar.retrieval.exports.writing import format_of_name, write_export
    from exemplar.retrieval.saved_search.applying import apply as apply_saved
    from exemplar.retrieval.saved_search.file import read_saved_search
    from exemplar.retrieval.saved_search.in_words import NOT_COMPARABLE, in_figures, search_in_words
    from exemplar.retrieval.saved_search.ranked_rows import ranked_export
    from exemplar.retrieval.saved_search.saved import check_threshold

    check_threshold(threshold)
    chosen = format or format_of_name(out)
    check_file(out.absolute().parent / "x" if chosen == "dataset" else out)
    for read in (str(file), target):
        if out.exists() and os.path.exists(read) and out.samefile(read):
            raise ExemplarError(f"{out} is read for this ranking, and would be lost; name another file to write")
    separator = ReadOptions(delimiter=delimiter).checked().separator or ","
    saved = read_saved_search(file)
    say(search_in_words(saved))
    columns = (text_column, title_column, label_column, id_column)
    options = ReadOptions(source_format, source_delimiter, no_header, skip_lines, encoding, table, lines)
    spec = SourceSpec(target, config, split, revision, streaming, *columns, limit, without_see_also, options=options)
    engine = _engine_of(saved, spec, model)
    applied = apply_saved(saved, engine, retrain=retrain)
    threshold = saved.threshold if threshold is None and not retrain else threshold
    export = ranked_export(applied, saved, n=n, threshold=threshold)
    with counting("Writing") as on_progress:
        write_export(export, out, chosen, delimiter=separator, on_progress=on_progress)
    if retrain:
        say(NOT_COMPARABLE)
    else:
        print_figures(saved)
    if note := applied.note(saved):
        say(note)
    if threshold is not None:
        say(f"{applied.n_passing(threshold):,} rows have a score of at least {in_figures(threshold)}.")
    say(f"Wrote {export.n_rows:,} {'row' if export.n_rows == 1 else 'rows'} to {out}, best first.")


def _engine_of(saved: "SavedSearch", spec: "SourceSpec", model: str | None) -> "SearchEngine":
    """Return the engine of a corpus, or one over a source that is read now."""
    from exemplar.data.corpus.manifest import corpus_names
    from exemplar.data.sources.spec import SourceSpec

    name = spec.source
    if name in corpus_names():
        if os.path.exists(name):
            raise ExemplarError(f"'{name}' is a corpus and a file here; write ./{name} for the file")
        if model or spec != SourceSpec(name):
            raise ExemplarError(
                "a corpus has its columns and its model already; leave out --model and how a source is read"
            )
        return open_engine(name, None)
    return _engine_of_new(saved, spec, model)


def _engine_of_new(saved: "SavedSearch", spec: "SourceSpec", model: str | None) -> "SearchEngine":
    from exemplar.cli.progress import counting
    from exemplar.data.building.progress import Progress
    from exemplar.data.sources.read import default_name
    from exemplar.retrieval.saved_search.new_documents import encoder_of_search, engine_of_new

    documents, problems = _documents_in(spec)
    encoder = encoder_of_search(saved, model)
    with counting("Embedding") as show:

        def on_progress(progress: Progress) -> None:
            if progress.stage != "indexing words":
                show(progress.done, progress.total or 0)

        engine = engine_of_new(saved, documents, encoder, name=default_name(spec.source), on_progress=on_progress)
    for line in problems.lines():
        errors.print(plain(line), style="dim")
    return engine


def _documents_in(spec: "SourceSpec") -> "tuple[list[Document], Problems]":
    """Return the documents of a source, and the problems with its rows."""
    from exemplar.data.corpus.manifest import corpus_names
    from exemplar.data.documents import Problem, Problems
    from exemplar.data.sources.read import read_source

    documents, problems = [], Problems()
    try:
        for item in read_source(spec).read():
            if isinstance(item, Problem):
                problems.add(item)
            else:
                documents.append(item)
    except ExemplarError as error:
        if error.hint == "format":  # --format is that of the file to write
            raise ExemplarError(f"{error} (--source-format NAME)") from error
        if os.path.exists(os.path.expanduser(spec.source)):
            raise
        names = ", ".join(corpus_names()) or "none yet"
        raise ExemplarError(f"{error}; nor is there a corpus '{spec.source}' (there are: {names})") from error
    return documents, problems
