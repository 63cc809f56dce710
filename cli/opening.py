"""Open the corpus that a command names: on this machine, or in Milvus."""

from typing import TYPE_CHECKING

from exemplar.cli.terminal import errors, plain

if TYPE_CHECKING:
    from exemplar.retrieval.search import SearchEngine

INDEX_HELP = "Search what was pushed to Milvus: http://HOST:PORT, or a Milvus Lite file (.db)."


def open_engine(name: str, index: str | None) -> "SearchEngine":
    """Return the search engine of a corpus on this machine, or, with an index, of a corpus in Milvus."""
    from exemplar.data.corpus.corpus import open_corpus
    from exemplar.retrieval.search import SearchEngine

    if index:
        from exemplar.retrieval.index.served import open_served

        served, milvus, words = open_served(index, name)
        return SearchEngine(served, index=milvus, words=words)
    corpus = open_corpus(name)
    if not corpus.manifest.created:
        so_far = f"{corpus.manifest.n_documents:,} of {corpus.n_planned:,} documents"
        errors.print(plain(f"The corpus {name} is unfinished; searching {so_far}."), style="dim")
    return SearchEngine(corpus)
