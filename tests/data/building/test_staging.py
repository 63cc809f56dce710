"""Documents on their way to the disk: above all, that ids stay with their texts."""

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import verify_corpus
from exemplar.data.corpus.manifest import corpus_folder
from exemplar.data.corpus.shards import DOCUMENTS
from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec
from tests.support.fake_encoder import FakeEncoder


def numbered(texts: list[str]) -> Source:
    documents = [Document(str(row), text, numbered=True) for row, text in enumerate(texts)]
    return Source("rows", SourceSpec("rows"), lambda: iter(documents))


def test_where_nothing_identifies_documents_texts_keep_their_ids(encoder: FakeEncoder) -> None:
    def build(texts: list[str]) -> list[str]:
        documents = [Document(str(row), text, numbered=True) for row, text in enumerate(texts)]
        corpus = build_corpus(Source("rows", SourceSpec("rows"), lambda: iter(documents)), encoder)
        return list(corpus.rows)

    assert build(["a", "b", "c", "b"]) == ["0", "1", "2", "3"]
    assert build(["new", "a", "b", "c", "b"]) == ["0.2", "0", "1", "2", "3"]
    assert build(["new", "a", "changed", "c", "b"]) == ["0.2", "0", "2.2", "2", "1"]
    assert build(["a", "changed", "c", "b", "more", "and more"]) == ["0", "2.2", "2", "1", "4", "5"]


@pytest.mark.parametrize(
    "file", ["vectors.npy", "passages.npy", "journal.jsonl", "documents.arrow", "../manifest.json"]
)
def test_ids_stay_with_their_texts_whatever_is_damaged(encoder: FakeEncoder, file: str) -> None:
    build_corpus(numbered(["a", "b", "c"]), encoder)
    corpus = build_corpus(numbered(["new", "a", "b", "c"]), encoder)
    assert list(corpus.rows) == ["0.2", "0", "1", "2"]
    path = corpus_folder("rows") / corpus.manifest.build / file
    content = bytearray(path.read_bytes())
    place = content.find(b"newabc") + 1 if file == DOCUMENTS else len(content) // 2
    content[place] ^= 0x80
    path.write_bytes(content)
    encoder.encoded.clear()
    repaired = build_corpus(numbered(["new", "a", "b", "c"]), encoder)
    assert list(repaired.rows)[:1] + list(repaired.rows)[2:] == ["0.2", "1", "2"]
    assert verify_corpus("rows") == []


def test_ids_that_the_source_gives_are_never_touched(encoder: FakeEncoder) -> None:
    def build(*documents: Document) -> list[str]:
        corpus = build_corpus(Source("mixed", SourceSpec("mixed"), lambda: iter(documents)), encoder)
        return list(corpus.rows)

    build(Document("a.txt", "one"), Document("0", "row", numbered=True))
    rows = [Document("0", "new", numbered=True), Document("1", "row", numbered=True)]
    assert build(Document("b.txt", "one"), *rows) == ["b.txt", "0.2", "0"]


def test_an_edited_row_keeps_its_number(encoder: FakeEncoder) -> None:
    for texts in (["a", "b", "c"], ["a", "edited", "c"]):
        documents = [Document(str(row), text, numbered=True) for row, text in enumerate(texts)]
        source = Source("rows", SourceSpec("rows"), lambda documents=documents: iter(documents))
        assert list(build_corpus(source, encoder).rows) == ["0", "1", "2"]
