"""Open the corpus that a command names: on this machine, or in Milvus."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from exemplar.cli.terminal import errors, plain

if TYPE_CHECKING:
    from exemplar.data.corpus.corpus import Corpus
    from exemplar.retrieval.search import SearchEngine

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
