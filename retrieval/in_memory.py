"""The search engine over documents in memory: that of a corpus on disk, without its files."""

from collections.abc import Iterable

from exemplar.data.building.in_memory import OnProgress, corpus_in_memory
from exemplar.data.documents import Document
from exemplar.data.encoders.base import Encoder
from exemplar.retrieval.search import SearchEngine


def engine_in_memory(
    documents: Iterable[Document],
    encoder: Encoder,
    *,
    name: str = "in memory",
    whole: bool = False,
    language: str | None = None,
    on_progress: OnProgress | None = None,
) -> SearchEngine:
    """Return an engine over documents, which are embedded now and leave no file behind.

    It ranks as the engine of a corpus that is built from the documents. The parameters and errors are those of
    ``corpus_in_memory``.
    """
    corpus = corpus_in_memory(documents, encoder, name=name, whole=whole, language=language, on_progress=on_progress)
    return SearchEngine(corpus, lambda info: encoder)
