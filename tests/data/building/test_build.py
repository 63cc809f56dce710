from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.building.embed import SHARD
from exemplar.data.building.progress import Progress
from exemplar.data.building.run import precision_of
from exemplar.data.corpus.catalog import corpus_status, list_corpora, remove_corpus, verify_corpus
from exemplar.data.corpus.corpus import Corpus, open_corpus
from exemplar.data.corpus.manifest import corpus_folder
from exemplar.data.corpus.shards import JOURNAL, VECTORS, ShardStore
from exemplar.data.documents import Document, Problem
from exemplar.data.errors import CorpusBusy, CorpusNotFound, ExemplarError
from exemplar.data.files.options import ReadOptions
from exemplar.data.sources.spec import Source, SourceSpec
from tests.support.corpora import ANIMALS, LABELS, files_of, many, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.reading import read


class BreakingEncoder(FakeEncoder):
    """Fails after so many documents, as a killed process or a full disk would."""

    def __init__(self, after: int, error: BaseException) -> None:
        super().__init__()
        self._after, self._error = after, error

    def encode_documents(self, texts: list[str], on_progress: Callable[[int], None] | None = None) -> np.ndarray:
        if self.documents_encoded >= self._after:
            raise self._error
        return super().encode_documents(texts, on_progress)


def described(spec: SourceSpec, n: int = len(ANIMALS)) -> Source:
    documents = [Document(str(row), text) for row, text in enumerate(ANIMALS[:n])]
    return Source("x", spec, lambda: iter(documents))


def test_every_document_is_encoded_once_in_order(encoder: FakeEncoder) -> None:
    n = 2 * SHARD + 3
    corpus = build_corpus(many(n), encoder)
    assert encoder.documents_encoded == n
    assert (corpus.manifest.n_documents, corpus.manifest.n_passages, corpus.manifest.encoder.dim) == (n, n, 64)
    texts = [document.text for document in many(n).read()]
    np.testing.assert_array_equal(corpus.vectors, FakeEncoder().encode_documents(texts))


def test_the_manifest_records_source_and_model(animals: Corpus) -> None:
    manifest = animals.manifest
    assert (manifest.name, manifest.source) == ("animals", SourceSpec("animals"))
    assert (manifest.encoder.model, manifest.encoder.precision, manifest.encoder.device) == ("fake", "float32", "cpu")


def test_progress_is_told_from_none_to_all(encoder: FakeEncoder) -> None:
    seen: list[Progress] = []
    build_corpus(many(SHARD + 1), encoder, on_event=lambda event: isinstance(event, Progress) and seen.append(event))
    n = SHARD + 1
    assert [(event.stage, event.done, event.total) for event in seen] == [
        ("reading", n, None),
        ("indexing words", n, n),
        ("embedding", 0, n),
        ("embedding", SHARD, n),
        ("embedding", SHARD, n),
        ("embedding", n, n),
        ("embedding", n, n),
    ]
    assert [event.embedded for event in seen[2:]] == [0, SHARD, SHARD, n, n]
    assert seen[-1].speed.endswith("documents/s, 0 s left")


@pytest.mark.parametrize("error", [OSError("No space left on device"), KeyboardInterrupt()])
def test_a_build_that_breaks_goes_on_where_it_was_and_ends_the_same(error: BaseException, tmp_path: Path) -> None:
    n = 3 * SHARD + 5
    with pytest.raises(type(error)):
        build_corpus(many(n), BreakingEncoder(2 * SHARD, error))
    assert corpus_status("many").state == "unfinished"
    encoder = FakeEncoder()
    resumed = build_corpus(many(n), encoder)
    assert encoder.encoded == [document.text for document in many(n).read()][2 * SHARD :]
    straight = build_corpus(many(n), FakeEncoder(), name="straight")
    assert resumed.manifest.build == straight.manifest.build
    assert files_of(resumed) == {**files_of(straight), JOURNAL: files_of(resumed)[JOURNAL]}
    assert files_of(resumed)[JOURNAL].splitlines()[1:] == files_of(straight)[JOURNAL].splitlines()[1:]


def test_an_unfinished_corpus_has_the_words_of_all_documents() -> None:
    with pytest.raises(OSError, match="disk"):
        build_corpus(many(3 * SHARD), BreakingEncoder(SHARD, OSError("disk")))
    corpus, n = open_corpus("many"), 3 * SHARD
    assert (corpus.manifest.created, corpus.manifest.vectors, corpus.manifest.n_documents) == ("", "none", n)
    assert (corpus.documents.num_rows, corpus.vectors.shape, corpus.words.n_documents) == (n, (n, 0), n)
    assert corpus.document(n - 1).text == f"word{n - 1} word{(n - 1) % 7}"
    assert corpus.passages[n - 1].tolist() == [n - 1, 0, len(corpus.document(n - 1).text)]


def test_a_build_that_has_nothing_yet_is_no_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk")

    monkeypatch.setattr("exemplar.data.building.build.prepare_words", fail)
    with pytest.raises(OSError, match="disk"):
        build_corpus(many(5), FakeEncoder())
    with pytest.raises(CorpusNotFound, match="'many' is unfinished and holds nothing to search yet"):
        open_corpus("many")
    [status] = list_corpora()
    assert (status.name, status.state, status.manifest) == ("many", "unfinished", None)


def test_a_reader_during_a_build_sees_all_documents_without_vectors(animals: Corpus) -> None:
    seen = []

    def look(event: Progress | Problem) -> None:
        if isinstance(event, Progress) and event.stage == "embedding" and event.done == 2 * SHARD:
            corpus = open_corpus("many")
            status = corpus_status("many")
            seen.append((status.state, status.stage.partition(",")[0], corpus.manifest.created, corpus.vectors.shape))
            assert corpus_status("animals").state == "complete"

    build_corpus(many(3 * SHARD), FakeEncoder(), on_event=look)
    assert seen[-1] == ("building", "words; full vectors 67%", "", (3 * SHARD, 0))
    assert corpus_status("many").state == "complete"


def test_a_reader_during_a_rebuild_sees_the_old_corpus(animals: Corpus, encoder: FakeEncoder) -> None:
    states = []

    def look(event: Progress | Problem) -> None:
        states.append((corpus_status("animals").state, open_corpus("animals").manifest))

    build_corpus(source_of([*ANIMALS, "one more"]), encoder, on_event=look)
    assert {state for state, _ in states} == {"rebuilding"}
    assert all(manifest == animals.manifest for _, manifest in states)


def test_a_rebuild_that_breaks_leaves_the_old_corpus_whole(animals: Corpus) -> None:
    with pytest.raises(OSError, match="disk"):
        build_corpus(source_of(["something new"]), BreakingEncoder(0, OSError("disk")))
    assert open_corpus("animals").manifest == animals.manifest


def test_what_another_build_left_is_swept(encoder: FakeEncoder) -> None:
    left = corpus_folder("animals") / "build-dead"
    left.mkdir(parents=True)
    (left / "vectors.npy").write_bytes(b"half")
    corpus = build_corpus(source_of(ANIMALS), encoder)
    left = {path.name for path in corpus_folder("animals").iterdir()}
    assert left == {"build.lock", "manifest.json", corpus.manifest.build}


def test_nothing_is_embedded_or_written_when_nothing_changed(animals: Corpus, encoder: FakeEncoder) -> None:
    encoder.encoded.clear()
    again = build_corpus(source_of(ANIMALS, LABELS), encoder)
    assert encoder.encoded == []
    assert again.manifest == animals.manifest


def test_only_new_and_changed_documents_are_embedded(animals: Corpus, encoder: FakeEncoder) -> None:
    encoder.encoded.clear()
    documents = [Document("9", ANIMALS[9], ("sky",)), Document("0", "a changed cat"), Document("new", "a new dog")]
    again = build_corpus(Source("animals", SourceSpec("animals"), lambda: iter(documents)), encoder)
    assert encoder.encoded == ["a changed cat", "a new dog"]
    assert [again.document(row) for row in range(3)] == documents
    assert list(again.rows) == ["9", "0", "new"]
    np.testing.assert_array_equal(again.vectors[0], animals.vectors[9])
    np.testing.assert_array_equal(again.vectors[1:], FakeEncoder().encode_documents(["a changed cat", "a new dog"]))


def test_an_interrupted_update_keeps_what_it_embedded_even_if_the_source_changed_again() -> None:
    n = 2 * SHARD
    with pytest.raises(OSError, match="disk"):
        build_corpus(many(n), BreakingEncoder(SHARD, OSError("disk")))
    encoder = FakeEncoder()
    texts = ["in front", *(document.text for document in many(n).read())]
    build_corpus(source_of(texts, name="many"), encoder)
    assert encoder.encoded == ["in front", *texts[SHARD + 1 :]]


def test_another_preparation_embeds_everything_anew(animals: Corpus, encoder: FakeEncoder) -> None:
    encoder.encoded.clear()
    encoder.revision = "2"
    build_corpus(source_of(ANIMALS, LABELS), encoder, replace=True)
    assert len(encoder.encoded) == 10


def test_vectors_of_a_file_that_is_damaged_as_a_whole_are_not_taken_over(encoder: FakeEncoder) -> None:
    corpus = build_corpus(many(5), encoder)
    path = corpus_folder("many") / corpus.manifest.build / VECTORS
    path.write_bytes(bytes(128) + bytes(len(path.read_bytes()) - 128))
    rebuilt = build_corpus(many(6), encoder)
    np.testing.assert_array_equal(rebuilt.vectors, FakeEncoder().encode_documents([d.text for d in many(6).read()]))


def test_a_kill_just_before_the_arrays_are_finished_is_made_good(encoder: FakeEncoder) -> None:
    whole = files_of(build_corpus(many(5), encoder))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "exemplar.data.building.build.ShardStore.finish", lambda store: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            build_corpus(many(5), encoder, name="killed")
    assert files_of(build_corpus(many(5), encoder, name="killed")).keys() == whole.keys()
    for file in ("vectors.npy", "passages.npy"):
        assert files_of(open_corpus("killed"))[file] == whole[file]


def test_a_shard_ends_where_texts_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exemplar.data.building.embed.SHARD_BYTES", 20)
    encoder = FakeEncoder()
    texts = ["short", "also short", "a", "a text that is longer than a shard may be", "b", "c"]
    corpus = build_corpus(source_of(texts, name="long"), encoder)
    store = ShardStore(corpus_folder("long") / corpus.manifest.build)
    assert [shard.n_documents for shard in store.shards] == [3, 1, 2]


def test_a_long_document_becomes_passages_and_a_whole_one_does_not() -> None:
    text = "one two three four. " * 10
    corpus = build_corpus(source_of(["short", text, "last"]), FakeEncoder(max_tokens=16))
    assert (corpus.manifest.n_documents, corpus.manifest.n_passages) == (3, 5)
    assert corpus.passages_of(1) == range(1, 4)
    assert corpus.passages[:, 0].tolist() == [0, 1, 1, 1, 2]
    assert corpus.passages[:, 1:].tolist() == [[0, 5], [0, 80], [60, 140], [120, 200], [0, 4]]
    encoder = FakeEncoder(max_tokens=16)
    whole = build_corpus(source_of(["short", text, "last"]), encoder, name="whole", whole=True)
    assert (whole.manifest.n_passages, whole.manifest.whole) == (3, True)
    assert encoder.encoded == ["short", text, "last"]
    with pytest.raises(ValueError, match="built with one passage a document, not as many passages as it takes"):
        build_corpus(source_of(["short", text, "last"]), encoder, name="whole")


def test_problems_are_told_counted_and_if_strict_an_error(encoder: FakeEncoder) -> None:
    odd = Problem("row 1", "no text")
    found = [Document("0", "a text"), odd, Document("2", "a text")]
    source = Source("odd", SourceSpec("odd"), lambda: iter(found))
    seen = []
    corpus = build_corpus(source, encoder, on_event=seen.append)
    twice = Problem("document '2'", "same text as an earlier document", left_out=False)
    assert [event for event in seen if isinstance(event, Problem)] == [odd, twice]
    assert corpus.manifest.problems == {"no text": 1, "same text as an earlier document": 1}
    assert corpus.manifest.n_documents == 2
    with pytest.raises(ValueError, match="row 1: no text"):
        build_corpus(source, encoder, name="strict", strict=True)
    assert [status.name for status in list_corpora()] == ["odd"]


@pytest.mark.parametrize("file", ["vectors.npy", "passages.npy", "documents.arrow"])
def test_a_flipped_byte_is_found_and_just_its_shard_repaired(file: str) -> None:
    n = 3 * SHARD
    corpus = build_corpus(many(n), FakeEncoder())
    whole = files_of(corpus)
    path = corpus_folder("many") / corpus.manifest.build / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 64
    path.write_bytes(content)
    [damage] = verify_corpus("many")
    assert damage.file == file
    encoder = FakeEncoder()
    repaired = build_corpus(many(n), encoder)
    assert verify_corpus("many") == []
    assert files_of(repaired) == whole
    texts = [document.text for document in many(n).read()]
    assert encoder.encoded == ([] if file == "documents.arrow" else texts[SHARD : 2 * SHARD])


@pytest.mark.parametrize("file", ["vectors.npy", "passages.npy", "journal.jsonl", "documents.arrow"])
def test_a_file_that_is_gone_is_repaired(file: str) -> None:
    corpus = build_corpus(many(SHARD + 3), FakeEncoder())
    whole = files_of(corpus)
    (corpus_folder("many") / corpus.manifest.build / file).unlink()
    assert files_of(build_corpus(many(SHARD + 3), FakeEncoder())) == whole


def test_what_is_added_has_the_precision_of_what_is_there(animals: Corpus) -> None:
    assert precision_of("animals", "fake") == "float32"
    assert precision_of("animals", "another") is None
    assert precision_of("plants", "fake") is None


def test_a_rebuild_replaces_the_corpus_and_spares_its_readers(animals: Corpus, encoder: FakeEncoder) -> None:
    before = animals.vectors.copy()
    rebuilt = build_corpus(source_of(ANIMALS[5:]), encoder)
    assert open_corpus("animals").manifest == rebuilt.manifest
    assert rebuilt.manifest.n_documents == 5
    np.testing.assert_array_equal(animals.vectors, before)
    assert animals.document(9).text == ANIMALS[9]


@pytest.mark.parametrize(
    ("spec", "model", "difference"),
    [
        (
            SourceSpec("other", split="train", limit=5),
            "fake",
            "the source reviews, not the source other; choose another name, add it,",
        ),
        (
            SourceSpec("reviews", split="test", limit=5),
            "fake",
            "the split train, not the split test; choose another name,",
        ),
        (
            SourceSpec("reviews", split="train", limit=5),
            "another",
            "the model fake, not the model another; choose another name,",
        ),
    ],
)
def test_what_was_built_otherwise_is_replaced_only_knowingly(
    encoder: FakeEncoder, spec: SourceSpec, model: str, difference: str
) -> None:
    first = build_corpus(described(SourceSpec("reviews", split="train", limit=5)), encoder)
    encoder.model = model
    other = described(spec, 3)
    with pytest.raises(ValueError, match=f"'x' already, built with {difference} or allow it to be replaced"):
        build_corpus(other, encoder)
    assert open_corpus("x").manifest == first.manifest
    assert build_corpus(other, encoder, replace=True).manifest.n_documents == 3


@pytest.mark.parametrize(
    ("was", "difference"),
    [(True, "no See Also sections, not See Also sections"), (False, "See Also sections, not no See Also sections")],
)
def test_an_option_that_was_left_out_is_another_corpus_too(encoder: FakeEncoder, was: bool, difference: str) -> None:
    build_corpus(described(SourceSpec("docs", without_see_also=was)), encoder)
    with pytest.raises(ExemplarError, match=f"'x' already, built with {difference}"):
        build_corpus(described(SourceSpec("docs", without_see_also=not was)), encoder)


def test_a_corpus_keeps_its_identity_until_another_takes_its_name(encoder: FakeEncoder) -> None:
    first = build_corpus(described(SourceSpec("a"), 3), encoder).manifest.corpus_id
    assert len(first) == 16
    assert build_corpus(described(SourceSpec("a"), 5), encoder).manifest.corpus_id == first
    other = build_corpus(described(SourceSpec("b"), 5), encoder, replace=True).manifest.corpus_id
    assert other != first
    remove_corpus("x")
    assert build_corpus(described(SourceSpec("b"), 5), encoder).manifest.corpus_id not in (first, other, "")


@pytest.mark.parametrize("options", [{"streaming": True}, {"id_column": "none"}, {"label_column": "none"}])
def test_what_leaves_the_documents_as_they_are_is_the_same_corpus(
    encoder: FakeEncoder, options: dict[str, Any]
) -> None:
    for spec in (SourceSpec("a"), SourceSpec("a", **options), SourceSpec("a")):
        assert build_corpus(described(spec), encoder).manifest.source == spec


# Options that may differ, or have tests of their own.
SAME = {"source", "language", "limit", "revision", "streaming", "shown_as"}


@pytest.mark.parametrize("option", sorted({field.name for field in fields(SourceSpec)} - SAME))
def test_any_other_option_of_a_source_is_another_corpus_both_ways(encoder: FakeEncoder, option: str) -> None:
    kind = type(getattr(SourceSpec("a"), option))
    value = ReadOptions(table="x") if kind is ReadOptions else True if kind is bool else "x"
    chosen = SourceSpec("a", **{option: value})
    for n, (was, now) in enumerate([(chosen, SourceSpec("a")), (SourceSpec("a"), chosen)]):
        build_corpus(described(was), encoder, name=f"c{n}")
        with pytest.raises(ExemplarError, match="already, built with"):
            build_corpus(described(now), encoder, name=f"c{n}")


def test_another_limit_is_the_same_corpus(encoder: FakeEncoder) -> None:
    for limit in (3, 8):
        assert build_corpus(described(SourceSpec("reviews", limit=limit), limit), encoder).manifest.n_documents == limit


@pytest.mark.parametrize("manifest", [b"{", b'{"format": 0}'])
def test_a_damaged_corpus_can_be_built_again(animals: Corpus, encoder: FakeEncoder, manifest: bytes) -> None:
    (corpus_folder("animals") / "manifest.json").write_bytes(manifest)
    assert build_corpus(source_of(ANIMALS), encoder).manifest.n_documents == 10


@pytest.mark.parametrize("error", [OSError("disk"), KeyboardInterrupt()])
def test_a_failed_build_spares_a_corpus_of_another_version(animals: Corpus, error: BaseException) -> None:
    manifest = corpus_folder("animals") / "manifest.json"
    content = manifest.read_bytes()
    manifest.write_bytes(content.replace(b'"format": 2', b'"format": 3'))
    with pytest.raises(type(error)):
        build_corpus(source_of(["something new"]), BreakingEncoder(0, error))
    manifest.write_bytes(content)
    assert open_corpus("animals").manifest == animals.manifest


def test_a_text_that_has_no_vector_is_told_by_its_place() -> None:
    with pytest.raises(ValueError, match=f"among the 2 documents from '{SHARD}' on: row 1 is a zero"):
        build_corpus(many(SHARD + 2), BreakingEncoder(SHARD, ExemplarError("row 1 is a zero vector")))


def test_a_path_that_is_no_unicode_can_be_a_source(encoder: FakeEncoder) -> None:
    source = described(SourceSpec("/some/\udcff.csv"))
    assert build_corpus(source, encoder).manifest.source == source.spec


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


@pytest.mark.parametrize("fault", [RuntimeError("a fault"), TypeError("a fault"), ValueError("a fault")])
def test_a_fault_of_the_program_keeps_its_kind(fault: Exception) -> None:
    with pytest.raises(type(fault), match="^a fault$") as caught:
        build_corpus(source_of(ANIMALS), BreakingEncoder(0, fault))
    assert not isinstance(caught.value, ExemplarError)


def test_a_corpus_gets_the_title_that_a_later_version_recognises(tmp_path: Path, encoder: FakeEncoder) -> None:
    (tmp_path / "rows.csv").write_text("id,Subject,text\n1,A,a\n")
    source = read(str(tmp_path / "rows.csv"))
    earlier = read(str(tmp_path / "rows.csv"), title_column="none")
    earlier = replace(earlier, spec=replace(earlier.spec, title_column=None))  # as versions without that name left it
    assert build_corpus(earlier, encoder).document(0).title is None
    assert build_corpus(source, encoder).document(0).title == "A"
    with pytest.raises(ExemplarError, match="built with the text column text, not the text column Subject"):
        build_corpus(read(str(tmp_path / "rows.csv"), title_column="text", text_column="Subject"), encoder)
