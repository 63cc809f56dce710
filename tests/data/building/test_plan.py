from pathlib import Path

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.building.plan import BuildPlan, plan_of
from exemplar.data.building.progress import Progress
from exemplar.data.corpus.catalog import list_corpora, verify_corpus
from exemplar.data.corpus.corpus import open_corpus
from exemplar.data.corpus.manifest import corpus_folder
from exemplar.data.documents import Problem
from exemplar.data.sources.read import read_source
from exemplar.data.sources.spec import SourceSpec
from tests.support.fake_encoder import FakeEncoder
from tests.support.reading import read


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = tmp_path / "notes.csv"
    path.write_text("id,words\n" + "".join(f"{n},note {n}\n" for n in range(600)))
    return str(path)


def plan(path: str) -> BuildPlan:
    spec = SourceSpec(path, text_column="words", id_column="id", limit=590)
    return BuildPlan(spec, "n", "fake", "float32", "1", whole=True)


def test_a_corpus_says_how_it_is_built_again(path: str, encoder: FakeEncoder) -> None:
    source = read(path, text_column="words", limit=590)
    build_corpus(source, encoder, name="n", whole=True)
    assert plan_of("n") == plan(path)
    assert read_source(plan(path).source).spec == source.spec
    build_corpus(read_source(plan(path).source), encoder, name="n", whole=True)
    assert encoder.documents_encoded == 590


@pytest.mark.parametrize("n_committed", [0, 256])
def test_so_does_one_that_was_interrupted(path: str, encoder: FakeEncoder, n_committed: int) -> None:
    def interrupt(event: Progress | Problem) -> None:
        if isinstance(event, Progress) and event.stage == "embedding" and event.done >= n_committed:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_corpus(read(path, text_column="words", limit=590), encoder, name="n", whole=True, on_event=interrupt)
    assert [status.state for status in list_corpora()] == ["unfinished"]
    assert plan_of("n") == plan(path)


def test_and_one_whose_manifest_is_damaged(path: str, encoder: FakeEncoder) -> None:
    build_corpus(read(path, text_column="words", limit=590), encoder, name="n", whole=True)
    (corpus_folder("n") / "manifest.json").write_bytes(b"{")
    assert plan_of("n") == plan(path)
    build_corpus(read_source(plan(path).source), encoder, name="n", whole=True)
    assert verify_corpus("n") == []
    assert open_corpus("n").documents.num_rows == encoder.documents_encoded == 590


def test_without_anything_to_read_there_is_no_plan(path: str, encoder: FakeEncoder) -> None:
    assert plan_of("never") is None
    build_corpus(read(path, text_column="words"), encoder, name="n")
    (corpus_folder("n") / "manifest.json").write_bytes(b"{")
    for journal in corpus_folder("n").glob("build-*/*.json*"):
        journal.write_bytes(b"{")
    assert plan_of("n") is None
