"""An engine over documents in memory ranks as that of a corpus on disk."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.building.progress import Progress
from exemplar.data.corpus.filters import Filters
from exemplar.data.documents import Document
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.spec import SourceSpec
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.in_memory import engine_in_memory
from exemplar.retrieval.ranking import DocumentQuery, Query
from exemplar.retrieval.search import SearchEngine
from tests.support.corpora import ANIMALS, LABELS
from tests.support.fake_encoder import FakeEncoder
from tests.support.reading import read

LONG = " ".join(f"word{n} cat{n % 5}." for n in range(60))  # several passages of 16 tokens


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "animals.csv"
    rows = [*zip(ANIMALS, LABELS, strict=True), (LONG, "long"), (ANIMALS[0], "copy")]
    path.write_text("id,text,label\n" + "".join(f"a{n},{text},{label}\n" for n, (text, label) in enumerate(rows)))
    return path


def documents_of(path: Path) -> list[Document]:
    return [item for item in read(str(path)).read() if isinstance(item, Document)]


def test_rankings_are_those_of_the_corpus_that_is_built_from_the_same_file(table: Path) -> None:
    encoder = FakeEncoder(max_tokens=16)
    on_disk = SearchEngine(build_corpus(read(str(table)), encoder), lambda info: encoder)
    in_memory = engine_in_memory(documents_of(table), FakeEncoder(max_tokens=16))

    np.testing.assert_array_equal(in_memory.corpus.passages_at(range(20)), on_disk.corpus.passages_at(range(20)))
    assert in_memory.index.n == on_disk.index.n > on_disk.corpus.n_documents
    marks = Feedback(positives=("a0",), negatives=("a5",))
    queries: Sequence[Query] = ("a kitten", DocumentQuery("a10"))
    for query in queries:
        for ranker in on_disk.rankers:
            expected, found = (engine.search(query, marks, ranker=ranker, k=12) for engine in (on_disk, in_memory))
            assert (found.results, found.scores, found.n_texts) == (expected.results, expected.scores, expected.n_texts)
    assert in_memory.corpus.facets == replace(on_disk.corpus.facets, arrivals={})
    only = Filters(labels=("market",))
    assert in_memory.search("a dog", filters=only).doc_ids == on_disk.search("a dog", filters=only).doc_ids
    assert in_memory.corpus.manifest.source.language is None


def test_documents_keep_the_cells_of_their_rows(table: Path) -> None:
    corpus = engine_in_memory(documents_of(table), FakeEncoder()).corpus
    assert dict(corpus.document(5).cells) == {"id": "a5", "text": ANIMALS[5], "label": "market"}
    assert [document.cells["id"] for document in corpus.documents_at([1, 0])] == ["a1", "a0"]


def test_nothing_is_written(table: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    engine = engine_in_memory(documents_of(table), FakeEncoder())
    assert engine.search("a kitten", ranker="words").doc_ids
    assert (list(temporary.iterdir()), home.exists()) == ([], False)


def test_progress_is_reported_to_the_end() -> None:
    seen: list[Progress] = []
    engine_in_memory([Document(str(n), f"word{n}") for n in range(300)], FakeEncoder(), on_progress=seen.append)
    embedded = [each.done for each in seen if each.stage == "embedding"]
    assert embedded == sorted(embedded)
    assert (embedded[-1], seen[-1].total) == (300, 300)


def test_the_language_is_chosen_or_recognised() -> None:
    documents = [Document("0", "the cats are sleeping on the mats"), Document("1", "dogs")]
    chosen = engine_in_memory(documents, FakeEncoder(), language="none").corpus
    assert chosen.manifest.source == SourceSpec("in memory", language="none")
    assert engine_in_memory(documents, FakeEncoder(), language="en").search("cat", ranker="words").doc_ids == ("0",)


def test_a_row_number_yields_to_an_id() -> None:
    documents = [Document("1", "a cat"), replace(Document("1", "a dog"), numbered=True)]
    assert engine_in_memory(documents, FakeEncoder()).corpus.doc_ids([0, 1]) == ["1", "1.2"]


def test_documents_that_cannot_be_searched_are_refused() -> None:
    with pytest.raises(ExemplarError, match="there are no documents to search"):
        engine_in_memory([], FakeEncoder())
    with pytest.raises(ExemplarError, match="2 documents have the id 'a'"):
        engine_in_memory([Document("a", "a cat"), Document("a", "a dog")], FakeEncoder())
