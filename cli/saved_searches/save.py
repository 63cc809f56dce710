"""``exemplar sessions save`` writes the search of a session to a file."""

from pathlib import Path
from typing import Annotated

import typer

from exemplar.cli.opening import check_file, open_engine, session_named
from exemplar.cli.saved_searches.figures import print_figures
from exemplar.cli.terminal import say


def save(
    session: Annotated[str, typer.Argument(help="A session, by its id or its name.")],
    file: Annotated[Path, typer.Argument(help="A JSON file to write.")],
    threshold: Annotated[
        float | None, typer.Option(help="The least score of a row that passes, when the search is applied.")
    ] = None,
    with_vectors: Annotated[
        bool,
        typer.Option(
            "--with-vectors",
            help="Add the vectors of query and marked texts, which apply --retrain then need not embed.",
        ),
    ] = False,
) -> None:
    """Save the search of a session: query, marks with their texts, settings, and the trained weights.

    exemplar apply ranks any other corpus, or a new file, by it.
    """
    from exemplar.retrieval.saved_search.file import write_saved_search
    from exemplar.retrieval.saved_search.in_words import search_in_words
    from exemplar.retrieval.saved_search.making import saved_search
    from exemplar.retrieval.sessions.store import home_store

    check_file(file)
    found, store = session_named(session), home_store()
    saved = saved_search(
        found,
        open_engine(found.corpus, None),
        lambda: store.texts(found.session_id),
        store.title(found.session_id),
        threshold=threshold,
        with_vectors=with_vectors,
    )
    write_saved_search(saved, file)
    say(search_in_words(saved))
    print_figures(saved)
    say(f"Rank another file by it: exemplar apply {file} SOURCE_OR_CORPUS --out ranked.csv")
