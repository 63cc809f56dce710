"""A corpus is searched by words, then by quick vectors, then by the full ones; each is there once it is complete."""

import errno
from collections.abc import Callable

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus, finish_corpus
from exemplar.data.building.embed import SHARD
from exemplar.data.building.plan import plan_of
from exemplar.data.building.progress import BuildEvent, NoQuickVectors, Progress
from exemplar.data.building.run import precision_of
from exemplar.data.corpus.catalog import corpus_status, verify_corpus
from exemplar.data.corpus.corpus import open_corpus
from exemplar.data.corpus.manifest import corpus_folder, read_manifest
from exemplar.data.corpus.shards import JOURNAL, VECTORS
from exemplar.data.documents import Document
from exemplar.data.errors import CorpusDamaged, CorpusNotFound, ExemplarError, NoQuickEncoder
from exemplar.data.sources.spec import Source, SourceSpec
from tests.support.corpora import files_of, many, source_of
from tests.support.fake_encoder import FakeEncoder, FakeQuickEncoder, not_distilled

N = 2 * SHARD + 5


class Breaking(Exception):
    """Stands for whatever ends a process."""


@pytest.fixture(autouse=True)
def shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards of quick vectors are as small as those of full ones."""
    monkeypatch.setattr("exemplar.data.building.embed.GPU_SHARD", SHARD)


def stages_seen() -> tuple[list[tuple[str, tuple[int, int]]], Callable[[BuildEvent], None]]:
    """Return a list, and what notes into it with which vectors the corpus can be searched after each event."""
    seen: list[tuple[str, tuple[int, int]]] = []

    def look(event: BuildEvent) -> None:
        try:
            corpus = open_corpus("many")
        except CorpusNotFound:
            return
        stage = (corpus.manifest.vectors, corpus.vectors.shape)
        if seen[-1:] != [stage]:
            seen.append(stage)

    return seen, look


def test_a_new_corpus_is_searched_by_what_is_complete() -> None:
    seen, look = stages_seen()
    corpus = build_corpus(many(N), FakeEncoder(), quick=FakeQuickEncoder, on_event=look)
    assert seen == [("none", (N, 0)), ("quick", (N, 32)), ("full", (N, 64))]
    assert (corpus.manifest.vectors, corpus.vectors.shape) == ("full", (N, 64))


def test_every_stage_has_the_same_documents_and_words() -> None:
    build_corpus(many(N), FakeEncoder(), quick=FakeQuickEncoder)
    corpora = [open_corpus("many", vectors) for vectors in ("none", "quick", "full")]
    assert [corpus.manifest.vectors for corpus in corpora] == ["none", "quick", "full"]
    first, *others = corpora
    for other in others:
        assert other.documents.equals(first.documents)
        assert other.manifest.corpus_id == first.manifest.corpus_id
        np.testing.assert_array_equal(other.passages, first.passages)  # short texts
        assert other.words.header == first.words.header
    assert len({(corpus_folder("many") / each.manifest.build).name for each in others}) == 2


def test_quick_vectors_come_of_the_same_passages() -> None:
    texts = ["one two. three four five six. seven eight nine ten. " * 20, "short"]
    corpus = build_corpus(source_of(texts), FakeEncoder(max_tokens=40), quick=lambda: FakeQuickEncoder(max_tokens=40))
    assert len(corpus.passages) > 2
    np.testing.assert_array_equal(open_corpus("animals", "quick").passages, corpus.passages)


def test_a_build_by_stages_ends_as_one_without_quick_vectors() -> None:
    straight = build_corpus(many(N), FakeEncoder(), name="straight")
    staged = build_corpus(many(N), FakeEncoder(), name="staged", quick=FakeQuickEncoder)
    files, others = files_of(straight), files_of(staged)
    assert files.keys() == others.keys()
    for each in (files, others):
        each[JOURNAL] = each[JOURNAL].partition(b"\n")[2]  # without the plan, which names the corpus
    assert [name for name in files if files[name] != others[name]] == []


def test_quick_vectors_can_be_the_end_and_the_full_ones_follow_at_any_time() -> None:
    quick, full = FakeQuickEncoder(), FakeEncoder()
    corpus = build_corpus(many(N), full, quick=lambda: quick, until="quick")
    assert (corpus.manifest.vectors, quick.documents_encoded, full.documents_encoded) == ("quick", N, 0)
    status = corpus_status("many")
    assert (status.state, status.stage) == ("complete", "words and quick vectors")

    corpus = finish_corpus("many", full, quick=lambda: quick)
    assert (corpus.manifest.vectors, quick.documents_encoded, full.documents_encoded) == ("full", N, N)
    assert corpus_status("many").stage == "words and full vectors"
    straight = build_corpus(many(N), FakeEncoder(), name="straight")
    assert files_of(corpus)[VECTORS] == files_of(straight)[VECTORS]
    finish_corpus("many", full, quick=lambda: quick)
    assert (quick.documents_encoded, full.documents_encoded) == (N, N)


def test_quick_vectors_do_not_take_the_place_of_full_ones() -> None:
    build_corpus(many(5), FakeEncoder(), quick=FakeQuickEncoder)
    with pytest.raises(ExemplarError, match="'many' has its full vectors; build it with these, or allow it") as error:
        build_corpus(many(5), FakeEncoder(), quick=FakeQuickEncoder, until="quick")
    assert error.value.hint == "replace"
    corpus = build_corpus(many(5), FakeEncoder(), quick=FakeQuickEncoder, until="quick", replace=True)
    assert corpus.manifest.vectors == "quick"


def test_a_model_that_cannot_be_distilled_leaves_words_alone_and_the_reason() -> None:
    seen, look = stages_seen()
    events: list[BuildEvent] = []

    def both(event: BuildEvent) -> None:
        events.append(event)
        look(event)

    build_corpus(many(N), FakeEncoder(), quick=lambda: not_distilled("fake"), on_event=both)
    assert seen == [("none", (N, 0)), ("full", (N, 64))]
    assert [event for event in events if isinstance(event, NoQuickVectors)] == [
        NoQuickVectors("fake can't be distilled: it is a bag of words")
    ]
    with pytest.raises(CorpusNotFound, match="has no quick vectors; build it on"):
        read_manifest("many", "quick")


def test_a_corpus_that_is_to_end_with_quick_vectors_needs_a_model_that_has_them() -> None:
    with pytest.raises(NoQuickEncoder, match="it is a bag of words"):
        build_corpus(many(5), FakeEncoder(), quick=lambda: not_distilled("fake"), until="quick")
    assert corpus_status("many").stage == "words"  # and these can be searched
    assert build_corpus(many(5), FakeEncoder()).manifest.vectors == "full"


class Disk:
    """An encoder of either kind whose writes meet a full disk after so many documents."""

    def __init__(self, encoder: FakeEncoder, after: int) -> None:
        self.encoder, self.after = encoder, after

    def encode(self, texts: list[str], on_progress: Callable[[int], None] | None = None) -> np.ndarray:
        if self.encoder.documents_encoded >= self.after:
            raise OSError(errno.ENOSPC, "No space left on device")
        return FakeEncoder.encode_documents(self.encoder, texts, on_progress)


@pytest.mark.parametrize("stage", ["words", "quick", "full"])
def test_a_full_disk_in_any_stage_loses_nothing(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick, full = FakeQuickEncoder(), FakeEncoder()
    with monkeypatch.context() as patch:
        if stage == "words":
            patch.setattr("exemplar.data.building.build.prepare_words", lambda *_: Disk(full, 0).encode([]))
        else:
            breaking = quick if stage == "quick" else full
            patch.setattr(breaking, "encode_documents", Disk(breaking, SHARD).encode)
        with pytest.raises(OSError, match="is full; make room and build again: what was embedded is kept"):
            build_corpus(many(N), full, quick=lambda: quick)
    assert (quick.documents_encoded, full.documents_encoded) == {
        "words": (0, 0),
        "quick": (SHARD, 0),
        "full": (N, SHARD),
    }[stage]
    if stage != "words":
        assert open_corpus("many").manifest.vectors == {"quick": "none", "full": "quick"}[stage]
    corpus = build_corpus(many(N), full, quick=lambda: quick)
    assert (quick.documents_encoded, full.documents_encoded) == (N, N)
    assert corpus.manifest.vectors == "full"
    assert verify_corpus("many") == []


def test_quick_vectors_go_on_at_the_shard_that_was_not_committed() -> None:
    quick, full = FakeQuickEncoder(), FakeEncoder()

    def stop(event: BuildEvent) -> None:
        if isinstance(event, Progress) and event.stage == "quick vectors" and event.done > SHARD:
            raise Breaking

    with pytest.raises(Breaking):
        build_corpus(many(N), full, quick=lambda: quick, on_event=stop)
    assert corpus_status("many").stage == "words"
    assert build_corpus(many(N), full, quick=lambda: quick).manifest.vectors == "full"
    assert (quick.documents_encoded, full.documents_encoded) == (N + SHARD, N)


@pytest.mark.parametrize("until", ["quick", "full"])
def test_a_source_that_changes_between_stages_is_read_again(until: str) -> None:
    """The build goes on with the documents as they are now, and embeds only what is new."""
    quick, full = FakeQuickEncoder(), FakeEncoder()
    texts = [f"word{row} word{row % 7}" for row in range(N)]

    def stop(event: BuildEvent) -> None:
        if isinstance(event, Progress) and event.stage == "embedding" and event.done > SHARD:
            raise Breaking

    if until == "quick":
        build_corpus(source_of(texts, name="many"), full, quick=lambda: quick, until="quick")
    else:
        with pytest.raises(Breaking):
            build_corpus(source_of(texts, name="many"), full, quick=lambda: quick, on_event=stop)
    before = open_corpus("many").manifest
    assert before.vectors == "quick"
    changed = [*texts[1:], "something else", "and more"]
    done = full.documents_encoded
    n_kept = 0 if until == "quick" else SHARD - 1  # the first text is gone
    corpus = build_corpus(source_of(changed, name="many"), full, quick=lambda: quick)
    assert corpus.manifest.vectors == "full"
    assert corpus.documents["text"].to_pylist() == changed
    assert corpus.manifest.corpus_id == before.corpus_id
    assert open_corpus("many", "quick").documents["text"].to_pylist() == changed
    assert quick.documents_encoded == N + 2
    assert full.documents_encoded == done + len(changed) - n_kept
    assert verify_corpus("many") == []
    folders = {path.name for path in corpus_folder("many").glob("build-*")}
    assert folders == {corpus.manifest.build, read_manifest("many", "quick").build}


def test_an_update_of_a_full_corpus_makes_the_full_vectors_of_what_is_new_alone() -> None:
    quick, full = FakeQuickEncoder(), FakeEncoder()
    build_corpus(many(N), full, quick=lambda: quick)
    seen, look = stages_seen()
    corpus = build_corpus(many(N + 3), full, quick=lambda: quick, on_event=look)
    assert seen == [("full", (N, 64))]  # the old one until the new one is complete
    assert (corpus.vectors.shape, full.documents_encoded) == ((N + 3, 64), N + 3)


def test_damage_to_the_quick_vectors_is_found_and_a_build_leaves_them_out() -> None:
    build_corpus(many(N), FakeEncoder(), quick=FakeQuickEncoder)
    path = corpus_folder("many") / read_manifest("many", "quick").build / VECTORS
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    assert [str(damage).partition(",")[0] for damage in verify_corpus("many")] == ["quick vectors: vectors.npy"]
    build_corpus(many(N), FakeEncoder(), quick=FakeQuickEncoder)
    assert verify_corpus("many") == []
    assert not path.exists()


def test_to_build_on_makes_the_full_vectors() -> None:
    build_corpus(many(5), FakeEncoder(), quick=FakeQuickEncoder, until="quick")
    plan = plan_of("many")
    assert plan is not None
    assert (plan.model, plan.precision, plan.model_revision, plan.until) == ("fake", "auto", None, "full")
    finish_corpus("many", FakeEncoder())
    plan = plan_of("many")
    assert plan is not None
    assert (plan.precision, plan.model_revision, plan.until) == ("float32", "1", "full")


def test_full_vectors_that_were_begun_stay_while_quick_ones_are_brought_up_to_date() -> None:
    quick, full = FakeQuickEncoder(), FakeEncoder()

    def stop(event: BuildEvent) -> None:
        if isinstance(event, Progress) and event.stage == "embedding" and event.done > SHARD:
            raise Breaking

    with pytest.raises(Breaking):
        build_corpus(many(N), full, quick=lambda: quick, on_event=stop)
    done = full.documents_encoded
    build_corpus(many(N + 1), full, quick=lambda: quick, until="quick")
    assert full.documents_encoded == done
    finish_corpus("many", full)
    assert full.documents_encoded == done + N + 1 - SHARD
    assert {path.name for path in corpus_folder("many").glob("build-*")} == {
        read_manifest("many", vectors).build for vectors in ("quick", "full")
    }


def test_quick_vectors_of_another_model_do_not_stay() -> None:
    build_corpus(many(N), FakeEncoder(), quick=FakeQuickEncoder)
    first = read_manifest("many", "quick").build
    other, quick = FakeEncoder(), FakeQuickEncoder()
    other.model = quick.model = "another"
    build_corpus(many(N), other, quick=lambda: quick, replace=True)
    assert open_corpus("many", "quick").manifest.encoder.model == "another"
    assert not (corpus_folder("many") / first).exists()


def test_the_stages_share_the_files_of_documents_and_words() -> None:
    build_corpus(many(N), FakeEncoder(), quick=FakeQuickEncoder)
    folders = [corpus_folder("many") / read_manifest("many", kind).build for kind in ("quick", "full")]
    for name in ("documents.arrow", "rows.parquet", *(f"words/{path.name}" for path in folders[0].glob("words/*"))):
        assert (folders[0] / name).samefile(folders[1] / name)
    words = folders[0] / "words"
    before = words.stat().st_ino
    build_corpus(many(N), FakeEncoder(), quick=FakeQuickEncoder)
    finish_corpus("many", FakeEncoder(), quick=FakeQuickEncoder)
    assert words.stat().st_ino == before  # whoever reads them is not disturbed


def interrupted(source: Source, full: FakeEncoder, quick: FakeQuickEncoder, *, replace: bool = False) -> None:
    """Build until some of the full vectors are there."""

    def stop(event: BuildEvent) -> None:
        if isinstance(event, Progress) and event.stage == "embedding" and event.done > SHARD:
            raise Breaking

    with pytest.raises(Breaking):
        build_corpus(source, full, quick=lambda: quick, replace=replace, on_event=stop)


def test_damaged_documents_are_not_embedded() -> None:
    build_corpus(many(N), FakeEncoder(), quick=FakeQuickEncoder, until="quick")
    path = corpus_folder("many") / open_corpus("many").manifest.build / "documents.arrow"
    path.write_bytes(path.read_bytes().replace(b"word33 ", b"WXYZ33 "))
    with pytest.raises(CorpusDamaged, match="the documents of the corpus 'many' are damaged; build it again from its"):
        finish_corpus("many", FakeEncoder())
    path.unlink()
    with pytest.raises(CorpusDamaged, match="the documents of the corpus 'many' are damaged"):
        finish_corpus("many", FakeEncoder())
    corpus = build_corpus(many(N), FakeEncoder())
    np.testing.assert_array_equal(corpus.vectors[33], FakeEncoder().encode_documents(["word33 word5"])[0])


@pytest.mark.parametrize("first", [N - 100, N + 100])
def test_what_was_begun_last_is_searched_and_finished(first: int) -> None:
    quick, full = FakeQuickEncoder(), FakeEncoder()
    interrupted(many(first), full, quick)
    interrupted(many(N), full, quick)
    assert open_corpus("many").manifest.n_documents == N
    assert finish_corpus("many", full).manifest.n_documents == N
    assert [path.name for path in corpus_folder("many").glob("begun*")] == []


def test_the_model_that_was_chosen_last_is_finished() -> None:
    interrupted(many(N), FakeEncoder(), FakeQuickEncoder())
    other, quick = FakeEncoder(), FakeQuickEncoder()
    other.model = quick.model = "another"
    interrupted(many(N), other, quick, replace=True)
    assert open_corpus("many").manifest.encoder.model == "another"
    assert finish_corpus("many", other, quick=lambda: quick).manifest.encoder.model == "another"
    assert open_corpus("many", "quick").manifest.encoder.model == "another"


def test_an_update_that_was_interrupted_is_finished_too() -> None:
    quick, full = FakeQuickEncoder(), FakeEncoder()
    build_corpus(many(N), full, quick=lambda: quick)
    interrupted(many(N + SHARD), full, quick)
    assert open_corpus("many").manifest.n_documents == N  # until the new one is complete
    assert finish_corpus("many", full, quick=lambda: quick).manifest.n_documents == N + SHARD


def test_all_stages_have_the_language_and_the_identity_of_the_last_build() -> None:
    def source(language: str | None, of: str = "many") -> Source:
        documents = list(many(N).read())
        return Source("many", SourceSpec(of, language=language), lambda: iter(documents))

    build_corpus(source("en"), FakeEncoder(), quick=FakeQuickEncoder)
    build_corpus(source("de"), FakeEncoder(), quick=FakeQuickEncoder)
    corpora = [open_corpus("many", kind) for kind in ("none", "quick", "full")]
    assert {corpus.words.header.language for corpus in corpora} == {"de"}
    assert {corpus.manifest.source.language for corpus in corpora} == {"de"}
    build_corpus(source("de", "elsewhere"), FakeEncoder(), quick=FakeQuickEncoder, replace=True)
    manifests = [read_manifest("many", kind) for kind in ("none", "quick", "full")]
    assert len({manifest.corpus_id for manifest in manifests}) == 1
    assert {manifest.source.source for manifest in manifests} == {"elsewhere"}


def test_quick_vectors_of_an_earlier_distillation_do_not_stay() -> None:
    build_corpus(many(N), FakeEncoder(), quick=FakeQuickEncoder, until="quick")
    newer = FakeQuickEncoder()
    newer.revision = "q2"
    build_corpus(many(N), FakeEncoder(), quick=lambda: newer)
    assert read_manifest("many", "quick").encoder.revision == "q2"
    assert len([*corpus_folder("many").glob("build-*")]) == 2


def test_the_precision_of_an_interrupted_build_is_known() -> None:
    for name in ("a", "b", "c", "d"):  # whatever the hash in the name of a folder
        full = FakeEncoder()
        full.precision = "bfloat16"

        def stop(event: BuildEvent) -> None:
            if isinstance(event, Progress) and event.stage == "embedding" and event.done > SHARD:
                raise Breaking

        with pytest.raises(Breaking):
            build_corpus(many(N, name), full, on_event=stop)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("exemplar.data.building.run.model_name", lambda model: model)
            assert precision_of(name, "fake") == "bfloat16"


def test_a_corpus_without_the_rows_of_its_source_is_finished() -> None:
    """Earlier versions kept no rows."""
    build_corpus(many(N), FakeEncoder(), quick=FakeQuickEncoder, until="quick")
    (corpus_folder("many") / open_corpus("many").manifest.build / "rows.parquet").unlink()
    assert finish_corpus("many", FakeEncoder()).manifest.vectors == "full"


def test_a_damaged_stage_hides_no_id_of_the_corpus() -> None:
    def source(texts: list[str]) -> Source:
        documents = [Document(str(row), text, numbered=True) for row, text in enumerate(texts)]
        return Source("many", SourceSpec("many"), lambda: iter(documents))

    build_corpus(source(["a", "b", "c"]), FakeEncoder(), quick=FakeQuickEncoder)
    (corpus_folder("many") / read_manifest("many", "quick").build / "documents.arrow").unlink()
    corpus = build_corpus(source(["new", "b"]), FakeEncoder())
    assert corpus.document(1).doc_id == "1"
    assert corpus.document(0).doc_id not in {"0", "1", "2"}


def test_to_end_with_quick_vectors_takes_a_quick_encoder() -> None:
    with pytest.raises(NoQuickEncoder, match="no quick encoder was given"):
        build_corpus(many(5), FakeEncoder(), until="quick")
