"""The terminal face: build, list and search corpora, and open the app."""

import json
import os
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

app = typer.Typer(
    help="Semantic search over any pile of text that learns from the rows you click.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
_TRAINING = ("stopped", "scans", "support", "objective", "seconds")
_output = Console()
_errors = Console(stderr=True)


@app.command()
def build(
    source: Annotated[
        str,
        typer.Argument(
            help="docs, docs:PACKAGE,..., a CSV, TSV, JSON Lines or Parquet file, or a Hugging Face data set "
            "(a folder, or a name on the hub)."
        ),
    ],
    name: Annotated[str | None, typer.Option(help="Name of the corpus [default: the source's].")] = None,
    split: Annotated[str | None, typer.Option(help="Split of a data set, slices included.")] = None,
    text_column: Annotated[str | None, typer.Option(help="Column that holds the text.")] = None,
    label_column: Annotated[str | None, typer.Option(help="Column that holds a label.")] = None,
    id_column: Annotated[
        str | None, typer.Option(help="Column that identifies a document [default: its row number].")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Take at most so many rows.", min=1)] = None,
    model: Annotated[
        str | None, typer.Option(help="SentenceTransformer: name or folder [default: all-MiniLM-L6-v2].")
    ] = None,
    precision: Annotated[
        Literal["float32", "bfloat16", "auto"], typer.Option(help="auto: bfloat16 where the hardware has it.")
    ] = "float32",
    replace: Annotated[
        bool, typer.Option("--replace", help="Allow a corpus built from other documents or by another model to go.")
    ] = False,
    if_missing: Annotated[bool, typer.Option("--if-missing", help="Do nothing if the corpus exists.")] = False,
) -> None:
    """Embed a source's documents and keep them as a corpus."""
    from data.sources import default_name, read_source

    if if_missing and _exists(name or default_name(source)):
        return
    from data.encoder import DEFAULT_MODEL, load_encoder
    from data.ingest import build_corpus

    with _errors.status("Reading the documents"):
        documents = read_source(
            source,
            split=split,
            text_column=text_column,
            label_column=label_column,
            id_column=id_column,
            limit=limit,
        )
    with _errors.status("Loading the model"):
        encoder = load_encoder(model or DEFAULT_MODEL, precision=precision)
    columns = (TextColumn("Embedding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=_errors, transient=True) as progress:
        task = progress.add_task("", total=len(documents.documents))
        corpus = build_corpus(
            documents,
            encoder,
            name=name,
            replace=replace,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    manifest = corpus.manifest
    skipped = f" ({documents.n_skipped:,} rows without text left out)" if documents.n_skipped else ""
    _say(f"{manifest.name}: {manifest.n_documents:,} documents{skipped}, {manifest.model}, {manifest.precision}.")
    _say(f'Search it: exemplar search {manifest.name} "..."   or: exemplar app')


@app.command()
def corpora(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the corpora."""
    from data.corpus import list_corpora

    manifests = list_corpora()
    if as_json:
        _print_json([asdict(manifest) for manifest in manifests])
        return
    if not manifests:
        _say("No corpus yet. Build one: exemplar build docs")
        return
    table = Table()
    for column in ("Name", "Source", "Documents", "Model", "Dimensions", "Built"):
        table.add_column(column, overflow="fold")
    for each in manifests:
        cells = (
            each.name,
            each.source["source"],
            f"{each.n_documents:,}",
            each.model,
            each.dim,
            each.created,
        )
        table.add_row(*(_plain(str(cell)) for cell in cells))
    _output.print(table)


@app.command()
def search(
    name: Annotated[str, typer.Argument(help="Name of the corpus.")],
    query: Annotated[str, typer.Argument(help="What you are looking for.")],
    like: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A document that is relevant; repeatable.")
    ] = None,
    unlike: Annotated[list[str] | None, typer.Option(metavar="ID", help="A document that is not; repeatable.")] = None,
    ranker: Annotated[
        Literal["knn", "svm", "anchored"],
        typer.Option(help="knn leaves marks aside; anchored is the SVM held close to the query."),
    ] = "svm",
    C: Annotated[
        float,
        typer.Option("--C", help="Weight of the data in the SVM, on a corpus of 1,000 documents: 0.01 to 10."),
    ] = 0.1,
    exact: Annotated[
        bool, typer.Option("--exact", help="Train to the optimum, not only until the first results have settled.")
    ] = False,
    k: Annotated[int, typer.Option("-k", help="Number of results.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Search a corpus."""
    from data.corpus import open_corpus
    from retrieval.feedback import Feedback
    from retrieval.search import SearchEngine, took

    engine = SearchEngine(open_corpus(name))
    ranking = engine.search(
        query,
        Feedback(tuple(like or ()), tuple(unlike or ())),
        ranker=ranker,
        k=k,
        C=C,
        until="exact" if exact else "settled",
    )
    svm = ranking.svm
    if as_json:
        keys = ("rank", "doc_id", "score", "label", "text")
        results = [{key: getattr(result, key) for key in keys} for result in ranking.results]
        _print_json(
            {
                "corpus": name,
                "query": query,
                "ranker": ranking.ranker,
                "seconds": ranking.seconds,
                "training": svm and {key: getattr(svm, key) for key in _TRAINING},
                "results": results,
            }
        )
        return
    table = Table("Rank", "Score", box=None, pad_edge=False)
    table.add_column("Document", overflow="fold")  # whole, for --like and --unlike
    table.add_column("Label", overflow="fold")
    table.add_column("Text")
    for result in ranking.results:
        text = " ".join(result.passage[:1000].split())
        cells = (result.rank, f"{result.score:.4f}", result.doc_id, result.label or "", text[:200])
        table.add_row(*(_plain(str(cell)) for cell in cells))
    _output.print(table)
    _errors.print(_plain(took(ranking)), style="dim")


@app.command(name="app")
def open_app(
    port: Annotated[int, typer.Option(help="Port on localhost.", min=1, max=65535)] = 8501,
) -> None:
    """Open the app in the browser."""
    from streamlit.web import cli as streamlit

    page = Path(__file__).with_name("app.py")
    streamlit.main(["run", str(page), f"--server.port={port}"], standalone_mode=False)


def _exists(name: str) -> bool:
    from data.corpus import open_corpus

    try:
        open_corpus(name)
    except ValueError:
        return False
    return True


def _say(message: str) -> None:
    _output.print(_plain(message), soft_wrap=True)


def _plain(text: str) -> Text:
    """Return text for the terminal with nothing in it that a terminal or Rich would obey."""
    return Text(re.sub("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", " ", text))


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; what the user can mend is one line and exit code 1, never a traceback."""
    os.environ.setdefault("DATASETS_VERBOSITY", "error")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        app(args=arguments)
    except (ValueError, OSError) as error:
        if os.environ.get("EXEMPLAR_DEBUG"):
            raise
        _errors.print(_plain(f"exemplar: {' '.join(str(error).split())}"), soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
