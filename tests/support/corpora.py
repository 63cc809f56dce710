"""Small sources and corpora that tests share, and what stands in the files of one."""

from exemplar.data.corpus.arrivals import ARRIVALS
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.manifest import builds_of, corpus_folder, manifest_of
from exemplar.data.corpus.shards import JOURNAL
from exemplar.data.documents import Document
from exemplar.data.encoders.base import VectorKind
from exemplar.data.sources.spec import Source, SourceSpec

ANIMALS = [
    "the cat sleeps on the mat",
    "a cat and a kitten play",
    "the kitten drinks milk",
    "a dog barks at the cat",
    "the dog and the puppy run",
    "stocks fell sharply today",
    "the market and its stocks recovered",
    "bonds and stocks are traded",
    "rain is expected tomorrow",
    "sun and rain make a rainbow",
]
LABELS = ["animal"] * 5 + ["market"] * 3 + ["weather"] * 2  # of ANIMALS


def source_of(texts: list[str], labels: list[str | None] | list[str] | None = None, name: str = "animals") -> Source:
    """Return texts as a source whose ids are the rows."""
    labels = labels or [None] * len(texts)
    documents = [
        Document(str(row), text, () if label is None else (label,))
        for row, (text, label) in enumerate(zip(texts, labels, strict=True))
    ]
    return Source(name, SourceSpec(name), lambda: iter(documents))


def many(n: int, name: str = "many") -> Source:
    """Return a source of n documents that all differ."""
    return source_of([f"word{row} word{row % 7}" for row in range(n)], name=name)


def files_of(corpus: Corpus) -> dict[str, bytes]:
    """Return the files of a corpus's build by name, but for the times at which its documents came.

    Those of its words index begin with ``words/``.
    """
    folder = corpus_folder(corpus.manifest.name) / corpus.manifest.build
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ARRIVALS)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def committed(name: str, vectors: VectorKind = "full") -> tuple[int, bytes]:
    """Return how many documents of a build have committed vectors of a kind, and the journal of these."""
    for store in builds_of(name):
        if manifest_of(store, name).vectors == vectors:
            return store.documents_done, (store.folder / JOURNAL).read_bytes()
    return 0, b""
