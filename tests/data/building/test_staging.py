"""Documents on their way to the disk: above all, that ids stay with their texts."""

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.building.progress import Progress
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
    first, _, *others = repaired.rows
    assert others == ["1", "2"]
    assert first == ("0.3" if file == DOCUMENTS else "0.2")  # what its text was is lost, and so is its id
    assert verify_corpus("rows") == []


def test_ids_that_the_source_gives_are_never_touched(encoder: FakeEncoder) -> None:
    def build(*documents: Document) -> list[str]:
        corpus = build_corpus(Source("mixed", SourceSpec("mixed"), lambda: iter(documents)), encoder)
        return list(corpus.rows)

    build(Document("a.txt", "one"), Document("0", "row", numbered=True))
    rows = [Document("0", "new", numbered=True), Document("1", "row", numbered=True)]
    assert build(Document("b.txt", "one"), *rows) == ["b.txt", "0.2", "0"]


def ids_of(encoder: FakeEncoder, *texts: str) -> list[str]:
    return list(build_corpus(numbered(list(texts)), encoder).rows)


def test_the_id_of_a_text_that_is_gone_is_never_given_to_another(encoder: FakeEncoder) -> None:
    assert ids_of(encoder, "a", "b", "c") == ["0", "1", "2"]
    assert ids_of(encoder, "a", "edited", "c") == ["0", "1.2", "2"]
    assert ids_of(encoder, "x", "y", "z") == ["0.2", "1.3", "2.2"]
    assert ids_of(encoder, "u", "v", "w") == ["0.3", "1.4", "2.3"]
    assert ids_of(encoder, "u", "b", "edited", "z") == ["0.3", "1", "1.2", "2.2"]  # texts that return


def test_the_ids_of_an_interrupted_build_are_not_given_to_other_texts_either(encoder: FakeEncoder) -> None:
    ids_of(encoder, "a", "b")

    def interrupt(event: object) -> None:
        if isinstance(event, Progress) and event.total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_corpus(numbered(["a", "half"]), encoder, on_event=interrupt)
    assert ids_of(encoder, "a", "other") == ["0", "1.3"]
    assert ids_of(encoder, "a", "half") == ["0", "1.2"]


def test_a_list_of_gone_ids_that_is_damaged_stops_no_build(encoder: FakeEncoder) -> None:
    ids_of(encoder, "a", "b")
    ids_of(encoder, "a")
    (corpus_folder("rows") / "gone.arrow").write_bytes(b"ARROW1 and nothing else")
    assert ids_of(encoder, "a", "c") == ["0", "1"]
