"""``exemplar push`` copies a corpus into Milvus."""

from typing import Annotated, Literal

import typer

from exemplar.cli.interrupts import stoppable
from exemplar.cli.progress import counting
from exemplar.cli.terminal import say


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
    with stoppable("What is there"), counting(f"Pushing {name}") as on_progress:
        pushed = push_corpus(corpus, to, index_type=index_type, replace=replace, on_progress=on_progress)
    if pushed.n_cut:
        say(f"Cut: {pushed.n_cut:,} documents have texts or columns longer than the 65,535 bytes that Milvus takes.")
    say(f"{name}: {pushed.n_passages:,} passages in Milvus at {to}, {pushed.n_written:,} written now, {index_type}.")
    if not pushed.has_words:
        say("It lacks this version's words, so vectors alone rank it; this adds them:")
        say(f"exemplar push {name} --to {to} --replace")
    say(f'Search it: exemplar search {name} "..." --index {to}   or: exemplar app --index {to}')
