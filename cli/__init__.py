"""The terminal face: build, list and search corpora, and open the app."""

import contextlib
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from exemplar.cli.terminal import (
    build_command,
    build_progress,
    counting,
    errors,
    output,
    plain,
    print_evaluation,
    print_json,
    say,
    status_json,
)
from exemplar.data.documents import Problems
from exemplar.data.text import size_in_words

if TYPE_CHECKING:
    from exemplar.data.corpus.corpus import Corpus
    from exemplar.data.documents import Source
    from exemplar.retrieval.search import SearchEngine

app = typer.Typer(
    help="Semantic search over any pile of text that learns from the rows you click.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
corpora = typer.Typer()
app.add_typer(corpora, name="corpora")
_INDEX_HELP = "Search what was pushed to Milvus: http://HOST:PORT, or a Milvus Lite file (.db)."
_TRAINING = ("stopped", "scans", "support", "objective", "seconds")


@app.command()
def build(
    source: Annotated[
        str,
        typer.Argument(
            help="docs, docs:PACKAGE,..., a file (CSV, TSV, JSON, JSON Lines, Parquet, text, Markdown, PDF; .gz or "
            ".zip of these), a folder of files, a BEIR folder, the URL of a file or folder in object storage "
            "(s3://, gs://, ...), or a Hugging Face data set (a folder, or a name on the hub)."
        ),
    ],
    name: Annotated[str | None, typer.Option(help="Name of the corpus (default: the source's).")] = None,
    config: Annotated[str | None, typer.Option(help="Configuration of a data set.")] = None,
    split: Annotated[str | None, typer.Option(help="Split of a data set, slices included.")] = None,
    revision: Annotated[str | None, typer.Option(help="Revision of a data set on the hub.")] = None,
    streaming: Annotated[bool, typer.Option("--streaming", help="Read a data set without keeping it.")] = False,
    text_column: Annotated[str | None, typer.Option(help="Column that holds the text.")] = None,
    title_column: Annotated[str | None, typer.Option(help="Column whose text goes in front; none for no one.")] = None,
    label_column: Annotated[str | None, typer.Option(help="Column that holds a label; none for no one.")] = None,
    id_column: Annotated[
        str | None, typer.Option(help="Column that identifies a document; none for the row number.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Take at most so many rows.", min=1)] = None,
    without_see_also: Annotated[
        bool, typer.Option("--without-see-also", help='Leave out the "See Also" of docs, by which rankings are judged.')
    ] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="One passage a document: as much of it as the model reads.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Make whatever is odd about a row an error.")] = False,
    model: Annotated[
        str | None, typer.Option(help="SentenceTransformer: name or folder (default: all-MiniLM-L6-v2).")
    ] = None,
    precision: Annotated[
        Literal["float32", "bfloat16", "auto"], typer.Option(help="auto: bfloat16 where the hardware is faster by it.")
    ] = "auto",
    backend: Annotated[
        Literal["torch", "openvino", "auto"], typer.Option(help="auto: OpenVINO on a processor, where installed.")
    ] = "auto",
    on: Annotated[
        Literal["ray"] | None, typer.Option(help="ray: embed on a Ray cluster (default: in this process).")
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(
            help="The cluster this machine is a node of: HOST:PORT, auto, or local for one of its own (default: "
            "RAY_ADDRESS, else local).",
            show_default=False,
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Allow a corpus built from another source or by another model to go.")
    ] = False,
    if_missing: Annotated[bool, typer.Option("--if-missing", help="Do nothing if the corpus is complete.")] = False,
) -> None:
    """Embed a source's documents and keep them as a corpus; go on with one that was interrupted, update an old one."""
    from exemplar.data.sources.read import default_name, read_source

    if address is not None and on is None:
        raise ValueError("--address is that of a Ray cluster: it goes with --on ray")
    if if_missing and _is_complete(name or default_name(source)):
        return
    with errors.status("Looking at the source"):
        documents = read_source(
            source,
            config=config,
            split=split,
            revision=revision,
            streaming=streaming,
            text_column=text_column,
            title_column=title_column,
            label_column=label_column,
            id_column=id_column,
            limit=limit,
            without_see_also=without_see_also,
        )
    name = name or documents.name
    corpus, problems = _embedded(
        documents, name, model, precision, backend, on, address, whole=whole, replace=replace, strict=strict
    )
    for line in problems.lines():
        say(line)
    manifest = corpus.manifest
    passages = f"{manifest.n_documents:,} documents, {manifest.n_passages:,} passages"
    say(f"{name}: {passages}, {manifest.model}, {manifest.precision}.")
    say(f'Search it: exemplar search {name} "..."   or: exemplar app')


@corpora.callback(invoke_without_command=True)
def list_all(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the corpora; show, verify or remove one."""
    if context.invoked_subcommand:
        return
    from exemplar.data.corpus.catalog import list_corpora

    found = list_corpora()
    if as_json:
        print_json([status_json(each) for each in found])
        return
    if not found:
        say("No corpus yet. Build one: exemplar build docs")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("Name", "Source", "Documents", "Passages", "Dim", "Model", "Size", "Built", "State"):
        table.add_column(column, overflow="fold")
    for each in found:
        manifest = each.manifest
        cells = (
            each.name,
            manifest.source["source"] if manifest else "",
            each.documents,
            f"{manifest.n_passages:,}" if manifest else "",
            manifest.dim if manifest else "",
            manifest.model if manifest else "",
            size_in_words(each.size),
            manifest.created[:10] if manifest else "",
            each.state,
        )
        table.add_row(*(plain(str(cell)) for cell in cells))
    output.print(table)


@corpora.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of the corpus.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show all that is known of a corpus."""
    from exemplar.data.corpus.catalog import corpus_status

    status = corpus_status(name)
    if as_json:
        print_json(status_json(status))
        return
    say(f"{name}: {status.state}, {status.documents} documents, {size_in_words(status.size)}")
    if status.manifest:
        for key, value in asdict(status.manifest).items():
            if key not in ("name", "n_documents", "format"):
                say(f"  {key.replace('_', ' ')}: {json.dumps(value, ensure_ascii=False)}")
        say(f"Build it again: {build_command(status.manifest)}")


@corpora.command()
def verify(name: Annotated[str, typer.Argument(help="Name of the corpus.")]) -> None:
    """Check every checksum of a corpus; exit code 1 if something is damaged."""
    from exemplar.data.corpus.catalog import corpus_status, verify_corpus

    damages = verify_corpus(name)
    if not damages:
        say(f"{name}: every file is as it was written.")
        return
    for damage in damages:
        say(f"Damaged: {damage}")
    manifest = corpus_status(name).manifest
    say(f"Building it again repairs just that: {build_command(manifest)}" if manifest else "Build it again.")
    raise typer.Exit(1)


@corpora.command()
def remove(
    name: Annotated[str, typer.Argument(help="Name of the corpus.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Remove a corpus; marks made on it stay in their sessions."""
    from exemplar.data.corpus.catalog import corpus_status, remove_corpus

    status = corpus_status(name)
    if not yes:
        typer.confirm(f"Remove {name} ({status.documents} documents)?", abort=True)
    remove_corpus(name)
    say(f"Removed {name}.")


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
        typer.Option(help="knn leaves marks aside; svm is the notebook's; anchored holds it close to query and marks."),
    ] = "anchored",
    C: Annotated[
        float | None,
        typer.Option(
            "--C",
            help="Weight of the data in the SVM, on a corpus of 1,000 documents: 0.01 to 10 (default: what suits the "
            "ranker and the number of marks).",
        ),
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Train to the optimum, not only until the first results have settled.")
    ] = False,
    k: Annotated[int, typer.Option("-k", help="Number of results.")] = 10,
    index: Annotated[str | None, typer.Option(metavar="URI", help=_INDEX_HELP)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Search a corpus."""
    from exemplar.retrieval.feedback import Feedback
    from exemplar.retrieval.search import took

    engine = _engine(name, index)
    ranking = engine.search(
        query,
        Feedback(tuple(like or ()), tuple(unlike or ())),
        ranker=ranker,
        k=k,
        C=C,
        until="exact" if exact else "settled",
    )
    svm = ranking.scorer.svm
    if as_json:
        keys = ("rank", "doc_id", "score", "label", "text", "passage", "metadata")
        results = [{key: getattr(result, key) for key in keys} for result in ranking.results]
        print_json(
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
        table.add_row(*(plain(str(cell)) for cell in cells))
    output.print(table)
    errors.print(plain(took(ranking)), style="dim")


@app.command()
def evaluate(
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="TARGET",
            help="A BEIR folder (corpus, queries, qrels), a corpus with labels, docs (judged by its See Also), or any "
            "other source with labels. Embedded first, if it has not been.",
        ),
    ],
    rankers: Annotated[
        str | None, typer.Option(help="Rankers to compare, with commas between (default: all).", show_default=False)
    ] = None,
    rounds: Annotated[int, typer.Option(help="Rounds of the own loop, ten documents each.", min=1)] = 5,
    queries: Annotated[int, typer.Option(help="At most so many queries a target, drawn at random.", min=1)] = 300,
    seed: Annotated[int, typer.Option(help="Of the draw.", min=0)] = 7,
    index: Annotated[
        str | None, typer.Option(metavar="URI", help="Measure corpora that were pushed to Milvus, by their names.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write all figures as JSON.")] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write evaluation.md and its chart, evaluation.svg.")
    ] = None,
) -> None:
    """Measure the rankers where it is known what is relevant."""
    from exemplar.data.home import write_atomically
    from exemplar.retrieval.evaluation.judgements import judgements_of
    from exemplar.retrieval.evaluation.protocols import COMPARED, check_rankers
    from exemplar.retrieval.evaluation.protocols import evaluate as measure
    from exemplar.retrieval.evaluation.report import check_chart, write_report
    from exemplar.retrieval.evaluation.result import as_bytes, evaluate_command, result_json
    from exemplar.retrieval.search import SearchEngine

    compared = tuple(name.strip() for name in rankers.split(",") if name.strip()) if rankers else COMPARED
    check_rankers(compared)
    if report:
        check_chart()
        if report.exists() and not report.is_dir():
            raise ValueError(f"{report} is a file; name a folder for the report")
        report.mkdir(parents=True, exist_ok=True)
    if json_file and json_file.is_dir():
        raise ValueError(f"{json_file} is a folder; name a file in it")
    if json_file and not json_file.parent.is_dir():
        raise ValueError(f"there is no folder {json_file.parent} to write into")
    engines = [_engine(target, index) if index else SearchEngine(_corpus_of(target)) for target in targets]
    corpora = {engine.corpus.manifest.name: engine for engine in engines}
    judged = {name: judgements_of(engine.corpus) for name, engine in corpora.items()}
    measured = {}
    for name, engine in corpora.items():
        with counting(f"Measuring {name}") as on_query:
            measured[name] = measure(
                engine,
                judged[name],
                rankers=compared,
                rounds=rounds,
                n_queries=queries,
                seed=seed,
                on_query=on_query,
            )
    command = evaluate_command(
        list(corpora), rankers=compared, rounds=rounds, n_queries=queries, seed=seed, index=index
    )
    result = result_json(command, [engine.corpus.manifest for engine in corpora.values()], judged, measured)
    print_evaluation(result)
    if json_file:
        write_atomically(json_file, as_bytes(result))
    if report:
        for path in write_report(result, report):
            errors.print(plain(f"Wrote {path}"), style="dim")


def _engine(name: str, index: str | None) -> "SearchEngine":
    """Return the engine of a corpus of this machine, or of one that Milvus serves."""
    from exemplar.data.corpus.corpus import open_corpus
    from exemplar.retrieval.search import SearchEngine

    if index:
        from exemplar.retrieval.index.milvus import open_served

        served, milvus = open_served(index, name)
        return SearchEngine(served, index=milvus)
    corpus = open_corpus(name)
    if not corpus.manifest.created:
        so_far = f"{corpus.manifest.n_documents:,} of {corpus.n_planned:,} documents"
        errors.print(plain(f"The corpus {name} is unfinished; searching {so_far}."), style="dim")
    return SearchEngine(corpus)


def _corpus_of(target: str) -> "Corpus":
    """Open the corpus that is named, or that was built from the source that is named; embed it if there is none."""
    from exemplar.data.corpus.corpus import corpus_names, open_corpus, read_manifest
    from exemplar.data.sources.read import read_source
    from exemplar.retrieval.evaluation.judgements import check_judged

    is_docs = target == "docs" or target.startswith("docs:")
    if target in corpus_names() and not is_docs:
        corpus = open_corpus(target)
        if not corpus.manifest.created:
            raise ValueError(f"the corpus '{target}' is unfinished; build it on first")
        return corpus
    with errors.status("Looking at the source"):
        documents = read_source(target, without_see_also=is_docs)
    check_judged(documents.description)
    name = "docs-without-see-also" if is_docs else documents.name
    if name in corpus_names() and (manifest := read_manifest(name)).created:
        if manifest.source == documents.description:
            return open_corpus(name)
        option = " --without-see-also" if is_docs else ""
        raise ValueError(
            f"there is a corpus '{name}' already, of other documents or columns: measure that by its name, or build "
            f"this one under another (exemplar build {target}{option} --name NAME) and measure it by that"
        )
    corpus, problems = _embedded(documents, name)
    for line in problems.lines():
        errors.print(plain(line), style="dim")
    errors.print(plain(f"Embedded {target} as the corpus {name}."), style="dim")
    return corpus


def _embedded(
    documents: "Source",
    name: str,
    model: str | None = None,
    precision: str = "auto",
    backend: str = "auto",
    on: str | None = None,
    address: str | None = None,
    *,
    whole: bool = False,
    replace: bool = False,
    strict: bool = False,
) -> tuple["Corpus", Problems]:
    """Build a corpus, showing how it goes; also return what was odd about its documents."""
    from exemplar.data.building.build import build_corpus, precision_of
    from exemplar.data.building.embed import Here
    from exemplar.data.building.ray_cluster import on_ray
    from exemplar.data.encoders.sentence_transformer import DEFAULT_MODEL, load_encoder

    model = model or DEFAULT_MODEL
    if precision == "auto":
        precision = precision_of(name, model, replace=replace) or precision
    problems = Problems()
    try:
        with contextlib.ExitStack() as stack:
            with errors.status("Loading the model on Ray" if on else "Loading the model"):
                embedder = (
                    stack.enter_context(on_ray(model, precision=precision, backend=backend, address=address))
                    if on
                    else Here(load_encoder(model, precision=precision, backend=backend))
                )
            with build_progress(embedder.facts, problems) as on_event:
                corpus = build_corpus(
                    documents, embedder, name=name, whole=whole, replace=replace, strict=strict, on_event=on_event
                )
    except KeyboardInterrupt:
        errors.print("Stopped. What is embedded is kept; the same command goes on from there.")
        raise typer.Exit(130) from None
    return corpus, problems


@app.command()
def push(
    name: Annotated[str, typer.Argument(help="Name of the corpus.")],
    to: Annotated[
        str,
        typer.Option(metavar="URI", help="Milvus: http://HOST:PORT (its password in MILVUS_TOKEN), or a .db file."),
    ],
    index_type: Annotated[
        Literal["FLAT", "IVF_FLAT", "IVF_SQ8", "HNSW", "AUTOINDEX"],
        typer.Option(help="FLAT is exact; the others are approximate, and faster from some million passages on."),
    ] = "FLAT",
    replace: Annotated[
        bool, typer.Option("--replace", help="Allow a collection to go that holds something else, or an earlier build.")
    ] = False,
) -> None:
    """Put a corpus into Milvus, from where search, app and evaluate can use it (--index); what was begun goes on."""
    from exemplar.data.corpus.corpus import open_corpus
    from exemplar.data.milvus.push import push_corpus

    corpus = open_corpus(name)
    try:
        with counting(f"Pushing {name}") as on_progress:
            pushed = push_corpus(corpus, to, index_type=index_type, replace=replace, on_progress=on_progress)
    except KeyboardInterrupt:
        errors.print("Stopped. What is there is kept; the same command goes on from there.")
        raise typer.Exit(130) from None
    if pushed.n_cut:
        say(f"Cut: {pushed.n_cut:,} documents have texts or columns longer than the 65,535 bytes that Milvus takes.")
    say(f"{name}: {pushed.n_passages:,} passages in Milvus at {to}, {pushed.n_written:,} written now, {index_type}.")
    say(f'Search it: exemplar search {name} "..." --index {to}   or: exemplar app --index {to}')


@app.command(name="app")
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
    index: Annotated[str | None, typer.Option(metavar="URI", help=_INDEX_HELP)] = None,
) -> None:
    """Open the app in the browser, on localhost alone unless told otherwise."""
    from exemplar.ui.server.serve import Place, serve

    place = Place(address, port, tuple(allow_host or ()))
    if index:
        from exemplar.data.milvus.server import ADDRESS, Server

        server = Server(index)
        server.manifests()  # that nobody answers is better known before a page opens
        os.environ[ADDRESS] = server.uri
    if place.exposure:
        errors.print(plain(place.exposure), soft_wrap=True)
    page = Path(__file__).resolve().parents[1] / "app.py"
    serve(page, place, browser=browser, on_start=lambda url: say(f"Exemplar is open at {url} (Ctrl+C ends it)"))


def _is_complete(name: str) -> bool:
    from exemplar.data.corpus.corpus import open_corpus

    try:
        return bool(open_corpus(name).manifest.created)
    except ValueError:
        return False


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; what the user can mend is one line and exit code 1, never a traceback."""
    os.environ.setdefault("DATASETS_VERBOSITY", "error")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        app(args=arguments)
    except (ValueError, OSError) as error:
        if os.environ.get("EXEMPLAR_DEBUG"):
            raise
        errors.print(plain(f"exemplar: {' '.join(str(error).split())}"), soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
