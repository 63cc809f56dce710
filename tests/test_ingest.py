from pathlib import Path

import filelock
import numpy as np
import pytest

from data.corpus import Corpus, CorpusNotFound, corpus_folder, list_corpora, open_corpus
from data.ingest import CHUNK, CorpusBusy, build_corpus
from data.sources import Source
from tests.conftest import ANIMALS, source_of
from tests.fake_encoder import FakeEncoder


class BreakingEncoder(FakeEncoder):
    """Fails after so many documents, as a killed process or a full disk would."""

    def __init__(self, after: int, error: BaseException) -> None:
        super().__init__()
        self._after, self._error = after, error

    def encode_documents(self, texts: list[str]) -> np.ndarray:
        if self.documents_encoded >= self._after:
            raise self._error
        return super().encode_documents(texts)


def many(n: int, name: str = "many") -> Source:
    return source_of([f"word{row} word{row % 7}" for row in range(n)], name=name)


def test_every_document_is_encoded_once_in_order(encoder: FakeEncoder) -> None:
    n = 2 * CHUNK + 3
    corpus = build_corpus(many(n), encoder)
    assert encoder.documents_encoded == n
    assert (corpus.manifest.n_documents, corpus.manifest.n_passages, corpus.manifest.dim) == (n, n, 64)
    texts = [document.text for document in many(n).documents]
    np.testing.assert_array_equal(corpus.vectors, FakeEncoder().encode_documents(texts))


def test_the_manifest_records_source_and_model(animals: Corpus) -> None:
    manifest = animals.manifest
    assert (manifest.name, manifest.source) == ("animals", {"source": "animals"})
    assert (manifest.model, manifest.precision, manifest.device) == ("fake", "float32", "cpu")


def test_progress_is_told_from_none_to_all(encoder: FakeEncoder) -> None:
    seen = []
    build_corpus(many(CHUNK + 1), encoder, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, CHUNK + 1), (CHUNK, CHUNK + 1), (CHUNK + 1, CHUNK + 1)]


@pytest.mark.parametrize("error", [OSError("No space left on device"), KeyboardInterrupt()])
def test_a_build_that_breaks_leaves_nothing_behind(error: BaseException) -> None:
    with pytest.raises(type(error)):
        build_corpus(many(2 * CHUNK), BreakingEncoder(CHUNK, error))
    with pytest.raises(CorpusNotFound):
        open_corpus("many")
    assert [path.name for path in corpus_folder("many").glob("build-*")] == []


def test_a_rebuild_that_breaks_leaves_the_old_corpus_whole(animals: Corpus) -> None:
    with pytest.raises(OSError, match="disk"):
        build_corpus(source_of(ANIMALS[:5]), BreakingEncoder(0, OSError("disk")))
    assert open_corpus("animals").manifest == animals.manifest


def test_what_a_killed_build_left_is_not_a_corpus_and_is_swept_by_the_next(encoder: FakeEncoder) -> None:
    left = corpus_folder("animals") / "build-dead"
    left.mkdir(parents=True)
    (left / "vectors.npy").write_bytes(b"half")
    assert list_corpora() == []
    corpus = build_corpus(source_of(ANIMALS), encoder)
    assert [path.name for path in corpus_folder("animals").glob("build-*")] == [corpus.manifest.build]


def test_a_rebuild_replaces_the_corpus_and_spares_its_readers(animals: Corpus, encoder: FakeEncoder) -> None:
    before = animals.vectors.copy()
    rebuilt = build_corpus(source_of(ANIMALS[5:]), encoder)
    assert open_corpus("animals").manifest == rebuilt.manifest
    assert rebuilt.manifest.n_documents == 5
    np.testing.assert_array_equal(animals.vectors, before)
    assert animals.document(9).text == ANIMALS[9]


@pytest.mark.parametrize(
    ("description", "model", "difference"),
    [
        ({"source": "other", "split": "train", "limit": 5}, "fake", "the source reviews, not other"),
        ({"source": "reviews", "split": "test", "limit": 5}, "fake", "the split train, not test"),
        ({"source": "reviews", "split": "train", "limit": 5}, "another", "the model fake, not another"),
    ],
)
def test_what_was_built_otherwise_is_replaced_only_knowingly(
    encoder: FakeEncoder, description: dict, model: str, difference: str
) -> None:
    documents = source_of(ANIMALS).documents
    first = build_corpus(Source("x", {"source": "reviews", "split": "train", "limit": 5}, documents), encoder)
    encoder.model = model
    other = Source("x", description, documents[:3])
    with pytest.raises(ValueError, match=f"'x' already, built with {difference}; choose another name.*--replace"):
        build_corpus(other, encoder)
    assert open_corpus("x").manifest == first.manifest
    assert build_corpus(other, encoder, replace=True).manifest.n_documents == 3


def test_another_limit_is_the_same_corpus(encoder: FakeEncoder) -> None:
    for limit in (3, 8):
        source = Source("x", {"source": "reviews", "limit": limit}, source_of(ANIMALS).documents[:limit])
        assert build_corpus(source, encoder).manifest.n_documents == limit


@pytest.mark.parametrize("manifest", [b"{", b'{"format": 0}'])
def test_a_damaged_corpus_can_be_built_again(animals: Corpus, encoder: FakeEncoder, manifest: bytes) -> None:
    (corpus_folder("animals") / "manifest.json").write_bytes(manifest)
    assert build_corpus(source_of(ANIMALS), encoder).manifest.n_documents == 10


@pytest.mark.parametrize("error", [OSError("disk"), KeyboardInterrupt()])
def test_a_failed_build_spares_a_corpus_of_another_version(animals: Corpus, error: BaseException) -> None:
    manifest = corpus_folder("animals") / "manifest.json"
    content = manifest.read_bytes()
    manifest.write_bytes(content.replace(b'"format": 1', b'"format": 2'))
    with pytest.raises(type(error)):
        build_corpus(source_of(ANIMALS), BreakingEncoder(0, error))
    manifest.write_bytes(content)
    assert open_corpus("animals").manifest == animals.manifest


def test_a_text_that_has_no_vector_is_told_by_its_place() -> None:
    with pytest.raises(ValueError, match=f"among the 2 documents from '{CHUNK}' on: row 1 is a zero"):
        build_corpus(many(CHUNK + 2), BreakingEncoder(CHUNK, ValueError("row 1 is a zero vector")))


def test_a_path_that_is_no_unicode_can_be_a_source(encoder: FakeEncoder) -> None:
    source = Source("odd", {"source": "/some/\udcff.csv"}, source_of(ANIMALS).documents)
    assert build_corpus(source, encoder).manifest.source == source.description


def test_a_source_without_documents_is_an_error(encoder: FakeEncoder) -> None:
    with pytest.raises(ValueError, match="animals holds no documents"):
        build_corpus(source_of([]), encoder)
    assert list_corpora() == []


def test_the_lock_ends_with_the_build_even_if_it_broke(encoder: FakeEncoder) -> None:
    with pytest.raises(OSError, match="disk") as kept:  # the exception, kept, keeps the build's frames
        build_corpus(source_of(ANIMALS), BreakingEncoder(0, OSError("disk")))
    with filelock.FileLock(corpus_folder("animals") / "build.lock", timeout=0):
        pass
    assert build_corpus(source_of(ANIMALS), encoder).manifest.n_documents == 10
    assert kept.value.args == ("disk",)


def test_a_second_builder_is_told_to_wait(animals: Corpus, encoder: FakeEncoder) -> None:
    with (
        filelock.FileLock(corpus_folder("animals") / "build.lock"),
        pytest.raises(CorpusBusy, match="'animals' is being built by another process"),
    ):
        build_corpus(source_of(ANIMALS), encoder)


def test_a_name_cannot_leave_the_home_folder(encoder: FakeEncoder, home: Path) -> None:
    with pytest.raises(ValueError, match="can't be the name of a corpus"):
        build_corpus(source_of(ANIMALS), encoder, name="../outside")
    assert not home.exists()
