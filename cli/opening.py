"""Open what a command names: a corpus on this machine or in Milvus, a saved session."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from exemplar.cli.terminal import errors, plain
from exemplar.data.errors import ExemplarError

if TYPE_CHECKING:
    from exemplar.data.corpus.corpus import Corpus
    from exemplar.retrieval.search import SearchEngine
    from exemplar.retrieval.sessions.session import Session

_MOST_NAMED = 5  # sessions in a message

INDEX_HELP = "Search what was pushed to Milvus: http://HOST:PORT, or a Milvus Lite file (.db)."


def open_engine(name: str, index: str | None) -> "SearchEngine":
    """Return the search engine of a corpus on this machine, or, with an index, of a corpus in Milvus."""
    from exemplar.data.corpus.catalog import corpus_status
    from exemplar.data.corpus.corpus import open_corpus
    from exemplar.retrieval.search import SearchEngine

    if index:
        from exemplar.retrieval.index.served import open_served

        served, milvus, words = open_served(index, name)
        return SearchEngine(served, index=milvus, words=words)
    corpus = open_corpus(name)
    if not corpus.manifest.created:
        stage = corpus_status(name).stage
        errors.print(plain(f"The corpus {name} is unfinished; searched by {stage}."), style="dim")
    _index_words(corpus)
    return SearchEngine(corpus)


def session_named(name: str) -> "Session":
    """Return the saved session of an id, a name, or a title as the page lists it, on its last corpus.

    Raises
    ------
    ExemplarError
        No session goes by it, or several do, or the session can't be read.
    """
    from exemplar.retrieval.sessions.store import home_store

    store = home_store()
    saved = store.saved()
    ids = [each.session_id for each in saved if name and name in (each.name, each.title)]
    if name in (each.session_id for each in saved):
        ids = [name]
    if len(ids) > 1:
        listed = ", ".join(ids[:_MOST_NAMED]) + (f" and {len(ids) - _MOST_NAMED:,} more" if ids[_MOST_NAMED:] else "")
        raise ExemplarError(f"{len(ids):,} sessions are named '{name}'; name one by its id: {listed}")
    session = store.load(ids[0]) if ids else None
    if session is None:
        known = ", ".join(f"'{each.title or each.session_id}'" for each in saved[:_MOST_NAMED])
        hint = f"the last ones are {known}" if known else "there is none yet; mark something in: exemplar app"
        raise ExemplarError(f"there is no session '{name}'; {hint}")
    return session


def check_file(path: Path | None) -> None:
    """Raise ExemplarError unless a file can be written to a path; None is no file."""
    if path is None:
        return
    if path.is_dir():
        raise ExemplarError(f"{path} is a folder; name a file in it")
    if path.exists() and not path.is_file():  # a device or a pipe, whose place the file would take
        raise ExemplarError(f"{path} is no regular file; name another one")
    if not path.parent.is_dir():
        raise ExemplarError(f"the folder {path.parent} does not exist; make it first, or name a file in another folder")


def _index_words(corpus: "Corpus") -> None:
    """Index the words of a corpus that an earlier version built, and show the progress."""
    from exemplar.cli.progress import counting

    with ExitStack() as displays:
        show: Callable[[int, int], None] | None = None

        def on_progress(done: int) -> None:
            nonlocal show
            show = show or displays.enter_context(counting("Indexing words"))
            show(done, corpus.n_documents)

        corpus.index_words(on_progress)
