"""``exemplar build`` makes a corpus from the documents of a source."""

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from exemplar.cli.progress import build_with_progress
from exemplar.cli.source_options import (
    DELIMITER_HELP,
    FORMAT_HELP,
    PANEL,
    SOURCE_HELP,
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
from exemplar.cli.terminal import say
from exemplar.data.errors import ExemplarError

if TYPE_CHECKING:
    from exemplar.data.building.plan import BuildPlan
    from exemplar.data.encoders.base import VectorKind
    from exemplar.data.sources.spec import SourceSpec


def build(
    source: Annotated[str, typer.Argument(help=SOURCE_HELP)],
    name: Annotated[str | None, typer.Option(help="Name of the corpus (default: the source's).")] = None,
    config: Config = None,
    split: Split = None,
    revision: Revision = None,
    streaming: Streaming = False,
    text_column: TextColumn = None,
    title_column: TitleColumn = None,
    label_column: LabelColumn = None,
    id_column: IdColumn = None,
    limit: Limit = None,
    file_format: Annotated[str | None, typer.Option("--format", help=FORMAT_HELP, rich_help_panel=PANEL)] = None,
    delimiter: Annotated[str | None, typer.Option(help=DELIMITER_HELP, rich_help_panel=PANEL)] = None,
    no_header: NoHeader = False,
    skip_lines: SkipLines = 0,
    encoding: Encoding = None,
    table: TableName = None,
    lines: Lines = False,
    language: Annotated[
        str | None,
        typer.Option(
            help="Language of the texts, by which their words are indexed: an ISO 639-1 code or an English name; auto "
            "recognises it, none takes words as they are (default: as before, else auto)."
        ),
    ] = None,
    without_see_also: WithoutSeeAlso = False,
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
    quick: Annotated[
        bool, typer.Option("--quick", help="End with quick vectors, which take seconds; --full goes on from there.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Go on with the corpus that SOURCE names, to its full vectors.")
    ] = False,
    add: Annotated[
        bool, typer.Option("--add", help="Add SOURCE to the corpus of --name, with its columns and its model.")
    ] = False,
    leave_out: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Go on without a file that was added; its documents go; repeatable."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Allow a corpus built from another source or by another model to go.")
    ] = False,
    if_missing: Annotated[bool, typer.Option("--if-missing", help="Do nothing if the corpus is complete.")] = False,
) -> None:
    """Embed a source's documents and keep them as a corpus; go on with one that was interrupted, update an old one.

    A new corpus can be searched at once: by words, soon by quick vectors too, and by the model's own in the end.
    """
    from exemplar.data.building.adding import plan_without
    from exemplar.data.building.plan import BuildPlan
    from exemplar.data.encoders.model_files import DEFAULT_MODEL
    from exemplar.data.files.options import ReadOptions
    from exemplar.data.sources.read import default_name
    from exemplar.data.sources.spec import SourceSpec
    from exemplar.data.words.languages import language_code

    if address is not None and on is None:
        raise ExemplarError("--address is the address of a Ray cluster; add --on ray, or leave --address out")
    if quick and (full or on):
        raise ExemplarError("--quick makes its vectors here and at once; leave --full and --on out")
    columns = (text_column, title_column, label_column, id_column)
    options = ReadOptions(file_format, delimiter, no_header, skip_lines, encoding, table, lines)
    cluster = None if on is None else address or ""
    if full:
        read = (name, config, split, revision, streaming, *columns, limit, language, without_see_also)
        if any((*read, options != ReadOptions(), whole, strict, model, precision != "auto", replace, add, leave_out)):
            raise ExemplarError("--full goes on with a corpus as it was begun; give its name, --on and --backend alone")
        if not (if_missing and _vectors_of(source) == "full"):
            _build(dataclasses.replace(_begun(source), backend=backend, cluster=cluster), finish=True)
        return
    spec = SourceSpec(source, config, split, revision, streaming, *columns, limit, without_see_also, options=options)
    if add:
        if any((language, whole, model, precision != "auto", replace, if_missing)):
            raise ExemplarError(
                "--add goes by what the corpus was built with; leave --language, --whole, --model, --precision, "
                "--replace and --if-missing out"
            )
        plan = _with_source(spec, name)
        plan = dataclasses.replace(plan, backend=backend, cluster=cluster, strict=strict)
        plan = plan_without(plan, plan.name or "", leave_out or ())
        _build(dataclasses.replace(plan, until="quick" if quick else "full"))
        return
    there = _vectors_of(name or default_name(source)) if if_missing else None
    if there == "full" or (there == "quick" and quick):
        return
    quick = quick and not (if_missing and _has_full_vectors(name or default_name(source)))  # damaged: repaired
    model = model or DEFAULT_MODEL
    spec = dataclasses.replace(spec, language=language_code(language) if language else None)
    plan = BuildPlan(
        spec, name, model, precision, backend=backend, whole=whole, replace=replace, strict=strict, cluster=cluster
    )
    plan = plan_without(plan, name or default_name(source), leave_out or ())
    _build(dataclasses.replace(plan, until="quick" if quick else "full"))


def _begun(name: str) -> "BuildPlan":
    """Return the plan of a corpus; an ExemplarError if there is none of this name."""
    from exemplar.data.building.plan import plan_of
    from exemplar.data.corpus.manifest import read_manifest

    read_manifest(name)  # an error lists the corpora
    if plan := plan_of(name):
        return plan
    raise ExemplarError(f"no readable file says how the corpus '{name}' was built; build it again from its source")


def _with_source(spec: "SourceSpec", name: str | None) -> "BuildPlan":
    """Return the plan by which the corpus of a name takes a source."""
    from exemplar.data.building.adding import plan_with
    from exemplar.data.corpus.manifest import corpus_names

    if name is None:
        names = ", ".join(corpus_names()) or "none yet"
        raise ExemplarError(f"--add adds to a corpus: name it by --name (there are: {names})")
    plan, is_new = plan_with(name, spec)
    if not is_new:
        say(f"{name} has {spec.source} already; all of its files are read again.")
    return plan


def _build(plan: "BuildPlan", *, finish: bool = False) -> None:
    """Build the corpus; print the problems with its documents, and what to do next."""
    from exemplar.data.building.joining import source_name
    from exemplar.data.text import listed

    corpus, problems = build_with_progress(plan, finish=finish)
    for line in problems.lines():
        say(line)
    if problems.any_left_out:
        say(f"See all that was left out: exemplar corpora left-out {corpus.manifest.name}")
    manifest = corpus.manifest
    if plan.left_out:
        names = listed([source_name(source) for source in plan.left_out])
        say(f"Left out {names}: what came from there alone is no longer in the corpus; marks on it stay in sessions.")
    for spec in () if finish else manifest.sources:
        for line in _columns_in_words(spec, source_name(spec.source) if manifest.added else ""):
            say(line)
    passages = f"{manifest.n_documents:,} documents, {manifest.n_passages:,} passages"
    say(f"{manifest.name}: {passages}, {manifest.encoder.title}, {manifest.encoder.precision}.")
    if manifest.vectors == "quick":
        say(f"Embed it by {manifest.encoder.model} at any time: exemplar build {manifest.name} --full")
    say(f'Search it: exemplar search {manifest.name} "..."   or: exemplar app')


def _columns_in_words(spec: "SourceSpec", name: str) -> Iterator[str]:
    """Yield a line on the roles of columns, or one for all tables of a folder with the same roles.

    Parameters
    ----------
    name
        Of the source, if the corpus has several; else empty.
    """
    from exemplar.data.sources.read import read_source

    if spec.text_column:
        yield f"Columns{f' of {name}' if name else ''}: {spec.columns.chosen().in_words()}."
        return
    if spec.is_docs:
        return
    files: dict[str, list[str]] = {}
    for file, columns in read_source(spec).roles().items():
        files.setdefault(columns.in_words(), []).append(file)
    for words, names in files.items():
        more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
        yield f"Columns of {', '.join(names[:3])}{more}: {words}."


def _vectors_of(name: str) -> "VectorKind | None":
    """Return the vectors of a complete corpus that can be opened; None if there is none of this name."""
    from exemplar.data.corpus.corpus import open_corpus

    try:
        manifest = open_corpus(name).manifest
        return manifest.vectors if manifest.created else None
    except ExemplarError:
        return None


def _has_full_vectors(name: str) -> bool:
    from exemplar.data.corpus.manifest import read_manifest

    try:
        return read_manifest(name).vectors == "full"
    except ExemplarError:
        return False
