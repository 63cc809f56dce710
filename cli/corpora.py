"""``exemplar corpora`` lists the corpora, and shows, verifies or removes one."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from exemplar.cli.terminal import build_command, errors, manifest_json, output, plain, print_json, say, status_json
from exemplar.data.errors import ExemplarError
from exemplar.data.text import size_in_words

if TYPE_CHECKING:
    from exemplar.data.corpus.catalog import CorpusStatus
    from exemplar.data.corpus.manifest import Manifest

corpora = typer.Typer()


@corpora.callback(invoke_without_command=True)
def list_all(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the corpora; show, verify or remove one."""
    if context.invoked_subcommand:
        return
    from exemplar.data.corpus.catalog import list_corpora

    statuses = list_corpora()
    if as_json:
        print_json([status_json(status) for status in statuses])
    elif statuses:
        _print_table(statuses)
    else:
        say("No corpus yet. Build one: exemplar build docs")


def _print_table(statuses: "Iterable[CorpusStatus]") -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("Name", "Source", "Documents", "Passages", "Dim", "Model", "Size", "Built", "State"):
        table.add_column(column, overflow="fold")
    for status in statuses:
        table.add_row(*(plain(str(cell)) for cell in _cells(status)))
    output.print(table)


def _cells(status: "CorpusStatus") -> tuple[object, ...]:
    manifest = status.manifest
    return (
        status.name,
        manifest.source.source if manifest else "",
        status.documents,
        f"{manifest.n_passages:,}" if manifest else "",
        manifest.encoder.dim if manifest else "",
        manifest.encoder.title if manifest else "",
        size_in_words(status.size),
        manifest.created[:10] if manifest else "",
        status.state,
    )


@corpora.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of the corpus.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show all that is known of a corpus."""
    from exemplar.data.corpus.catalog import corpus_status

    status = corpus_status(name)
    n_sessions, n_elsewhere = _count_sessions(name, status.manifest)
    if as_json:
        print_json({**status_json(status), "n_sessions": n_sessions, "n_sessions_of_another_corpus": n_elsewhere})
        return
    head = [f"{name}: {status.state}", f"{status.documents} documents", size_in_words(status.size), status.stage]
    say(", ".join(filter(None, head)))
    if status.manifest:
        for key, value in manifest_json(status.manifest).items():
            if key not in ("name", "n_documents", "format", "added"):
                say(f"  {key.replace('_', ' ')}: {json.dumps(value, ensure_ascii=False)}")
        _say_sources(status.manifest)
        if status.words:
            say(f"  words: {status.words.in_words}")
        say(f"Build it again: {build_command(status.manifest)}")
    if n_sessions:
        say(f"Sessions: {n_sessions:,}")
    if n_elsewhere:
        since = f"began on another corpus named {name}, which was removed or replaced since"
        say(f"  of these {since}: {n_elsewhere:,}; their marks follow their texts")


def _say_sources(manifest: "Manifest") -> None:
    """Print what each source of a corpus gave, if there are several, and since when how many documents are new."""
    from exemplar.data.corpus.arrivals import arrival_counts, arrivals_in
    from exemplar.data.corpus.manifest import corpus_folder

    n_first = manifest.n_documents - sum(added.n_documents for added in manifest.added)
    if manifest.added:
        say(f"  {manifest.source.source}: {n_first:,} documents")
    for added in manifest.added:
        say(f"  {added.spec.source}: {added.n_documents:,} documents, added {added.at}")
    folder = corpus_folder(manifest.name) / manifest.build
    counts = arrival_counts(arrivals_in(folder, manifest.n_documents, manifest.created))
    for at, n in list(counts.items())[:-1]:  # all came since the first
        say(f"  new since {at}: {n:,} documents")


def _count_sessions(name: str, manifest: "Manifest | None") -> tuple[int, int]:
    """Return how many sessions a corpus's name has, and how many of them began on another corpus of that name."""
    from exemplar.retrieval.sessions.identity import is_another_corpus
    from exemplar.retrieval.sessions.store import FAILURES, home_store

    try:
        sessions = [session for session in home_store().saved() if session.corpus == name]
    except FAILURES as error:
        errors.print(plain(f"The sessions can't be read: {error}."), style="dim")
        return 0, 0
    elsewhere = [session for session in sessions if manifest and is_another_corpus(session.corpus_id, manifest)]
    return len(sessions), len(elsewhere)


@corpora.command()
def left_out(
    name: Annotated[str, typer.Argument(help="Name of the corpus.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the rows and files of the source that gave no document, with the reason, as they were read."""
    from exemplar.data.corpus.manifest import read_manifest
    from exemplar.data.corpus.source_rows import source_rows

    manifest = read_manifest(name)
    if not manifest.rows_sha256:
        raise ExemplarError(f"'{name}' was built by a version that kept no rows; build it again to see them")
    rows = [row for row in source_rows(manifest) if row.document is None]
    if as_json:
        kept = ("place", "file", "line", "reason", "cells")
        print_json([{key: getattr(row, key) for key in kept} for row in rows])
        return
    for row in rows:
        cells = f": {json.dumps(row.cells, ensure_ascii=False)}" if row.cells else ""
        say(f"{row.place}: {row.reason}{cells}")
    if not rows:
        say(f"{name}: nothing was left out.")


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
    n_sessions, _ = _count_sessions(name, None)
    say(f"Removed {name}.")
    if n_sessions:
        say(f"Sessions that keep their marks, with the marked texts: {n_sessions:,}")
