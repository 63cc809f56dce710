import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus import corpus
from exemplar.data.corpus.catalog import list_corpora
from exemplar.data.corpus.corpus import Corpus, empty_corpus, open_corpus
from exemplar.data.corpus.manifest import Manifest, check_name, corpus_folder, read_manifest
from exemplar.data.documents import Document
from exemplar.data.errors import CorpusDamaged, CorpusNotFound, ExemplarError
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder


def build_folder(corpus: Corpus) -> Path:
    return corpus_folder(corpus.manifest.name) / corpus.manifest.build


def test_an_opened_corpus_holds_what_was_built(animals: Corpus) -> None:
    corpus = open_corpus("animals")
    assert corpus.manifest == animals.manifest
    assert [corpus.document(row) for row in (0, 9)] == [
        Document("0", ANIMALS[0], ("animal",)),
        Document("9", ANIMALS[9], ("weather",)),
    ]
    np.testing.assert_array_equal(corpus.vectors, FakeEncoder().encode_documents(ANIMALS))


def test_vectors_are_read_only(animals: Corpus) -> None:
    with pytest.raises(ValueError, match="read-only"):
        animals.vectors[0, 0] = 1


def test_rows_are_found_by_doc_id(animals: Corpus) -> None:
    assert animals.row("7") == 7
    with pytest.raises(ValueError, match="no document '10' in the corpus 'animals'"):
        animals.row("10")


def test_a_missing_corpus_is_named_with_those_there_are(animals: Corpus) -> None:
    with pytest.raises(CorpusNotFound, match=r"no corpus named 'plants' \(there are: animals\)"):
        open_corpus("plants")


def test_without_any_corpus_the_message_says_so() -> None:
    with pytest.raises(CorpusNotFound, match="none yet"):
        open_corpus("plants")
    assert list_corpora() == []


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "a\\b", "-x", ".hidden", "a b", "x" * 101, "nul\0", "é"])
def test_names_that_could_leave_the_home_folder_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="can't be the name of a corpus"):
        check_name(name)


@pytest.mark.parametrize("file", ["vectors.npy", "documents.arrow"])
@pytest.mark.parametrize("kept", [0.0, 0.4, 0.98])
def test_a_file_cut_short_is_noticed(animals: Corpus, file: str, kept: float) -> None:
    path = build_folder(animals) / file
    content = path.read_bytes()
    path.unlink()  # the open corpus keeps its own mapping
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(CorpusDamaged, match="'animals'.*build it again"):
        open_corpus("animals")


@pytest.mark.parametrize("file", ["vectors.npy", "documents.arrow"])
def test_a_missing_file_is_noticed(animals: Corpus, file: str) -> None:
    (build_folder(animals) / file).unlink()
    with pytest.raises(CorpusDamaged, match="can't be read; build it again"):
        open_corpus("animals")


@pytest.mark.parametrize("value", [0.0, np.nan, 2.0])
def test_rows_that_are_not_unit_vectors_are_noticed(animals: Corpus, value: float) -> None:
    path = build_folder(animals) / "vectors.npy"
    vectors = np.load(path)
    vectors[3] = value
    np.save(path, vectors)
    with pytest.raises(CorpusDamaged, match="do not fit its manifest"):
        open_corpus("animals")


def test_files_of_another_build_are_noticed(animals: Corpus, encoder: FakeEncoder) -> None:
    other = build_corpus(source_of(ANIMALS[:4], name="other"), encoder)
    (build_folder(other) / "vectors.npy").replace(build_folder(animals) / "vectors.npy")
    with pytest.raises(CorpusDamaged, match="can't be read"):
        open_corpus("animals")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'"text"'])
def test_a_damaged_manifest_is_noticed_and_hides_no_other_corpus(
    animals: Corpus, encoder: FakeEncoder, content: bytes
) -> None:
    build_corpus(source_of(ANIMALS, name="other"), encoder)
    (corpus_folder("animals") / "manifest.json").write_bytes(content)
    with pytest.raises(CorpusDamaged, match="'animals' can't be read"):
        read_manifest("animals")
    assert [status.name for status in list_corpora() if status.manifest] == ["other"]


@pytest.mark.parametrize("change", [{"format": 6}, {"extra": 1}])
def test_a_manifest_of_another_version_is_refused(animals: Corpus, change: dict) -> None:
    path = corpus_folder("animals") / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(CorpusDamaged, match="another version of Exemplar"):
        open_corpus("animals")


@pytest.mark.parametrize(
    ("added", "sentence"),
    [
        ({}, "no list"),
        ([{"source": {"source": "x"}}], "does not describe an added source"),
        ([{"source": {}, "at": "2026", "n_documents": 1}], "does not describe a source"),
        ([{"source": {"source": "x"}, "at": "2026", "n_documents": -1}], "can't be added at '2026' with -1 documents"),
        ([{"source": {"source": "x"}, "at": 7, "n_documents": True}], "can't be added at 7 with True documents"),
    ],
)
def test_added_sources_that_are_none_are_refused(animals: Corpus, added: object, sentence: str) -> None:
    with pytest.raises(ExemplarError, match=sentence):
        Manifest.from_json(animals.manifest.to_json() | {"added": added})


def test_a_manifest_without_added_sources_is_read() -> None:
    content = empty_corpus("x").manifest.to_json() | {"build": "build-0", "format": 4}
    del content["added"], content["arrivals_sha256"]
    assert Manifest.from_json(content).added == ()


def test_a_reader_that_a_rebuild_overtakes_opens_the_new_build(
    animals: Corpus, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = animals.manifest
    new = build_corpus(source_of(ANIMALS[:4]), encoder).manifest
    manifests = iter([old, new])  # read just before the rebuild committed, and again
    monkeypatch.setattr("exemplar.data.corpus.corpus.read_manifest", lambda name, vectors: next(manifests))
    assert open_corpus("animals").manifest == new


def test_a_manifest_that_is_a_folder_hides_no_other_corpus(animals: Corpus) -> None:
    (corpus_folder("odd") / "manifest.json").mkdir(parents=True)
    assert [status.name for status in list_corpora() if status.manifest] == ["animals"]
    with pytest.raises(CorpusDamaged, match="'odd' can't be read; build it again"):
        open_corpus("odd")


def test_a_copied_folder_is_a_corpus_of_its_own(animals: Corpus) -> None:
    shutil.copytree(corpus_folder("animals"), corpus_folder("copy"))
    assert [status.name for status in list_corpora() if status.manifest] == ["animals", "copy"]
    assert open_corpus("copy").manifest.name == "copy"


def test_a_home_that_is_a_file_is_an_error_and_no_traceback(home: Path) -> None:
    home.write_text("not a folder")
    assert list_corpora() == []
    with pytest.raises(CorpusNotFound, match="none yet"):
        open_corpus("animals")


def test_a_fault_of_the_program_is_not_damage(animals: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bool:
        raise ValueError("a fault")

    monkeypatch.setattr(corpus, "_are_vectors", fail)
    with pytest.raises(ValueError, match="^a fault$"):
        open_corpus("animals")
