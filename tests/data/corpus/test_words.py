"""The words index of a corpus: when it is made, kept, made again, and where."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.building.progress import BuildEvent, LanguageKnown, Progress
from exemplar.data.corpus.catalog import corpus_status, verify_corpus
from exemplar.data.corpus.corpus import Corpus, open_corpus
from exemplar.data.corpus.lock import lock_corpus
from exemplar.data.corpus.manifest import corpus_folder
from exemplar.data.corpus.shards import file_sha256
from exemplar.data.documents import Document
from exemplar.data.errors import CorpusDamaged
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.data.words.header import DOCUMENTS, FILES, HEADER, TERMS, WEIGHTS
from exemplar.data.words.index import WordsIndex
from tests.support.corpora import ANIMALS, files_of, many, source_of
from tests.support.fake_encoder import FakeEncoder

GERMAN = ["Der Zug kommt heute zu spät.", "Wo ist meine Bestellung?", "Die Lieferung ist leider beschädigt."]


def spoken(language: str | None, texts: list[str] = ANIMALS) -> Source:
    """Return texts as a source with a choice of language."""
    documents = [Document(str(row), text) for row, text in enumerate(texts)]
    return Source("spoken", SourceSpec("spoken", language=language), lambda: iter(documents))


def folder_of(corpus: Corpus) -> Path:
    return corpus_folder(corpus.manifest.name) / corpus.manifest.build / "words"


def of_words(corpus: Corpus) -> dict[str, bytes]:
    return {name: content for name, content in files_of(corpus).items() if name.startswith("words/")}


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 64
    path.write_bytes(content)


def test_a_build_indexes_the_words_before_it_embeds() -> None:
    seen: list[BuildEvent] = []
    corpus = build_corpus(source_of(ANIMALS), FakeEncoder(), on_event=seen.append)
    stages = [event.stage if isinstance(event, Progress) else type(event) for event in seen]
    assert stages == ["reading", "indexing words", LanguageKnown, "embedding", "embedding", "embedding"]
    index = WordsIndex(folder_of(corpus))
    assert (index.language, index.n_documents) == ("en", 10)
    documents, weights = index.weights(int(index.numbers(["cat"])[0]))
    assert documents.tolist() == [0, 1, 3]
    assert (weights > 0).all()


def test_a_build_that_changes_nothing_keeps_the_words() -> None:
    corpus = build_corpus(source_of(ANIMALS), FakeEncoder())
    path = folder_of(corpus) / HEADER
    before = path.stat()
    build_corpus(source_of(ANIMALS), FakeEncoder())
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_other_documents_have_other_words() -> None:
    build_corpus(source_of(ANIMALS), FakeEncoder())
    corpus = build_corpus(source_of([*ANIMALS, "a zebra"]), FakeEncoder())
    assert corpus.words.document_counts(corpus.words.numbers(["zebra"])).tolist() == [1]
    assert corpus.words.n_documents == 11


def test_an_unfinished_corpus_has_the_words_of_all_documents() -> None:
    class Breaking(FakeEncoder):
        def encode_documents(self, texts: Any, on_progress: Any = None) -> Any:
            if self.encoded:
                raise OSError("the power is gone")
            return super().encode_documents(texts, on_progress)

    with pytest.raises(OSError, match="the power is gone"):
        build_corpus(many(600), Breaking())
    corpus = open_corpus("many")
    assert (corpus.n_documents, corpus.words.n_documents) == (600, 600)
    before = of_words(corpus)
    assert of_words(build_corpus(many(600), FakeEncoder())) == before


@pytest.mark.parametrize("is_finished", [True, False])
def test_what_a_kill_leaves_behind_is_removed_and_made_again_the_same(is_finished: bool) -> None:
    corpus = build_corpus(source_of(ANIMALS), FakeEncoder())
    before = of_words(corpus)
    if not is_finished:
        (folder_of(corpus) / HEADER).unlink()
    folder_of(corpus).rename(folder_of(corpus).with_name("words.1-abcd.tmp"))
    assert of_words(build_corpus(source_of(ANIMALS), FakeEncoder())) == before
    assert sorted(path.name for path in folder_of(corpus).parent.iterdir() if path.is_dir()) == ["words"]


def test_a_language_is_chosen_kept_and_changed() -> None:
    def language(choice: str | None) -> tuple[str, str | None]:
        corpus = build_corpus(spoken(choice), FakeEncoder())
        assert corpus.words.header.is_chosen == (corpus.manifest.source.language is not None)
        return corpus.words.language, corpus.manifest.source.language

    assert language(None) == ("en", None)
    assert language("de") == ("de", "de")
    assert language(None) == ("de", "de")  # as before
    assert language("none") == ("", "none")
    assert language("auto") == ("en", None)


def test_another_language_is_other_terms_without_embedding_anew() -> None:
    build_corpus(spoken("en", ["running dogs"]), FakeEncoder())
    encoder = FakeEncoder()
    corpus = build_corpus(spoken("none", ["running dogs"]), encoder)
    assert corpus.words.numbers(["dogs", "dog"]).tolist() == [0, -1]
    assert encoder.encoded == []


def test_a_build_says_where_the_model_lacks_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    def advice(texts: list[str], languages: set[str]) -> str:
        monkeypatch.setattr("exemplar.data.building.build.languages_in_card", lambda *_: frozenset(languages))
        seen: list[BuildEvent] = []
        build_corpus(spoken(None, texts), FakeEncoder(), replace=True, on_event=seen.append)
        [event] = [event for event in seen if isinstance(event, LanguageKnown)]
        return event.advice

    assert advice(GERMAN, {"en"}) == (
        "The texts are in German, but fake is a model for English: a multilingual model such as "
        "intfloat/multilingual-e5-small ranks them better."
    )
    assert advice(GERMAN, {"en", "de"}) == advice(GERMAN, set()) == advice(GERMAN, {"multilingual"}) == ""
    assert advice(["7 8 9"], {"en"}) == ""


def test_a_corpus_of_an_earlier_version_gets_its_words_when_they_are_needed() -> None:
    corpus = build_corpus(source_of(ANIMALS), FakeEncoder())
    before = of_words(corpus)
    for file in (HEADER, *FILES):
        (folder_of(corpus) / file).unlink()
    folder_of(corpus).rmdir()
    assert verify_corpus("animals") == []
    assert corpus_status("animals").words is None
    done: list[int] = []
    opened = open_corpus("animals")
    assert opened.index_words(done.append) is opened.words
    assert done == [10]
    assert of_words(opened) == before
    open_corpus("animals").index_words(done.append)
    assert done == [10]  # it is there


def test_where_the_folder_is_locked_the_words_are_made_elsewhere(caplog: pytest.LogCaptureFixture) -> None:
    corpus = build_corpus(source_of(ANIMALS), FakeEncoder())
    folder_of(corpus).rename(corpus_folder("animals") / "aside")
    with lock_corpus("animals"):
        index = open_corpus("animals").words
    assert not folder_of(corpus).exists()
    assert index.weights(int(index.numbers(["cat"])[0]))[0].tolist() == [0, 1, 3]
    assert "the words of 'animals' are indexed in a temporary folder" in caplog.text


def test_where_the_disk_is_full_the_words_are_made_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = build_corpus(source_of(ANIMALS), FakeEncoder())
    folder_of(corpus).rename(corpus_folder("animals") / "aside")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("exemplar.data.corpus.words.prepare_words", full)
    assert open_corpus("animals").words.n_documents == 10


@pytest.mark.parametrize("file", [HEADER, *FILES])
@pytest.mark.parametrize("damage", [flip, Path.unlink, lambda path: path.write_bytes(b"")])
def test_damaged_words_are_reported_and_made_again(
    file: str, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    corpus = build_corpus(source_of(ANIMALS), FakeEncoder())
    before = of_words(corpus)
    damage(folder_of(corpus) / file)
    assert list(map(str, verify_corpus("animals"))) == [f"words/{file}"]
    assert open_corpus("animals").words.n_terms == corpus.words.n_terms
    assert "is made again" in caplog.text
    assert of_words(corpus) == before
    damage(folder_of(corpus) / file)
    encoder = FakeEncoder()
    build_corpus(source_of(ANIMALS), encoder)
    assert (of_words(corpus), encoder.encoded) == (before, [])
    assert verify_corpus("animals") == []


def seal(folder: Path) -> None:
    """Write the sizes and checksums of the files into the header, as somebody does who means harm."""
    header = json.loads((folder / HEADER).read_text())
    header["files"] = {file: [(folder / file).stat().st_size, file_sha256(folder / file)] for file in FILES}
    (folder / HEADER).write_text(json.dumps(header))


@pytest.mark.parametrize(("file", "value"), [(DOCUMENTS, -1), (DOCUMENTS, 10), (WEIGHTS, np.nan), (WEIGHTS, -1)])
def test_postings_that_lead_outside_the_corpus_are_no_answer(file: str, value: float) -> None:
    corpus = build_corpus(source_of(ANIMALS), FakeEncoder())
    numbers = np.load(folder_of(corpus) / file)
    numbers[:] = value
    np.save(folder_of(corpus) / file, numbers)
    seal(folder_of(corpus))
    index = open_corpus("animals").words
    with pytest.raises(CorpusDamaged, match="the words index is damaged; build the corpus again"):
        index.weights(0)


def test_offsets_that_lead_outside_the_postings_are_made_again(caplog: pytest.LogCaptureFixture) -> None:
    corpus = build_corpus(source_of(ANIMALS), FakeEncoder())
    before = of_words(corpus)
    path = folder_of(corpus) / TERMS
    content = path.read_bytes()
    first = np.array([0, 1], np.int64).tobytes()  # the first postings of the first two terms, somewhere in the file
    assert first in content or np.array([0, 2], np.int64).tobytes() in content
    path.write_bytes(content.replace(first, np.array([0, 2**40], np.int64).tobytes(), 1))
    seal(folder_of(corpus))
    assert open_corpus("animals").words.n_terms == corpus.words.n_terms
    assert of_words(corpus) == before


def test_the_status_knows_the_words() -> None:
    build_corpus(source_of(ANIMALS), FakeEncoder())
    status = corpus_status("animals")
    size = sum(os.path.getsize(path) for path in corpus_folder("animals").rglob("*") if path.is_file())
    assert status.size == size
    assert status.words is not None
    assert status.words.in_words.startswith(f"English (recognised), {status.words.n_terms} terms, ")


def test_a_disk_that_is_full_is_told_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("exemplar.data.words.indexing.np.save", full)
        with pytest.raises(OSError, match="is full; make room and build again"):
            build_corpus(source_of(ANIMALS), FakeEncoder())
    assert [*corpus_folder("animals").glob("build-*/words*")] == []
    assert build_corpus(source_of(ANIMALS), FakeEncoder()).words.n_documents == 10
