"""The stages of a corpus in the terminal: words, quick vectors, full vectors."""

import json
from pathlib import Path

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import verify_corpus
from exemplar.data.corpus.corpus import open_corpus
from exemplar.data.corpus.manifest import corpus_folder
from exemplar.data.corpus.shards import VECTORS
from tests.support.command_line import run
from tests.support.corpora import ANIMALS, LABELS, source_of
from tests.support.fake_encoder import FakeEncoder, FakeQuickEncoder, not_distilled


@pytest.fixture(autouse=True)
def fake_models(monkeypatch: pytest.MonkeyPatch, encoder: FakeEncoder) -> FakeQuickEncoder:
    quick = FakeQuickEncoder()
    monkeypatch.setattr("exemplar.data.building.run.load_encoder", lambda model, **_: encoder)
    monkeypatch.setattr("exemplar.data.building.run.quick_encoder", lambda model, *_: quick)
    monkeypatch.setattr("exemplar.data.building.run.model_name", lambda model: encoder.model)
    monkeypatch.setattr(
        "exemplar.retrieval.query_encoder.encoder_of", lambda info, _: quick if info.kind == "quick" else encoder
    )
    return quick


@pytest.fixture
def notes(tmp_path: Path) -> str:
    path = tmp_path / "notes.csv"
    rows = "".join(f"{label},{text}\n" for label, text in zip(LABELS, ANIMALS, strict=True))
    path.write_text(f"label,text\n{rows}")
    return str(path)


def test_a_quick_build_ends_with_quick_vectors_and_says_how_to_go_on(
    capsys: pytest.CaptureFixture[str], notes: str, encoder: FakeEncoder
) -> None:
    code, out, _ = run(capsys, "build", notes, "--quick")
    assert code == 0
    assert out.splitlines()[-3:] == [
        "notes: 10 documents, 10 passages, fake, quick, float32.",
        "Embed it by fake at any time: exemplar build notes --full",
        'Search it: exemplar search notes "..."   or: exemplar app',
    ]
    assert encoder.documents_encoded == 0
    assert "notes: complete, 10 documents, " in (shown := run(capsys, "corpora", "show", "notes")[1])
    assert "words and quick vectors" in shown
    assert run(capsys, "build", notes, "--quick", "--if-missing") == (0, "", "")

    code, out, _ = run(capsys, "build", "notes", "--full")
    assert (code, out.splitlines()[0]) == (0, "notes: 10 documents, 10 passages, fake, float32.")
    assert encoder.documents_encoded == 10
    assert "words and full vectors" in run(capsys, "corpora", "show", "notes")[1]
    assert run(capsys, "build", "notes", "--full", "--if-missing") == (0, "", "")


def test_a_search_names_the_vectors_of_its_ranking(capsys: pytest.CaptureFixture[str], notes: str) -> None:
    run(capsys, "build", notes, "--quick")
    answer = json.loads(run(capsys, "search", "notes", "a cat and rain", "--json")[1])
    assert answer["vectors"] == "quick"
    assert "quick vectors · " in run(capsys, "search", "notes", "a cat")[2]
    run(capsys, "build", "notes", "--full")
    assert json.loads(run(capsys, "search", "notes", "a cat and rain", "--json")[1])["vectors"] == "full"
    assert "vectors" not in run(capsys, "search", "notes", "a cat")[2]


def test_what_has_words_alone_is_searched_by_them_and_the_rest_is_refused_with_the_remedy(
    capsys: pytest.CaptureFixture[str], notes: str, monkeypatch: pytest.MonkeyPatch, encoder: FakeEncoder
) -> None:
    monkeypatch.setattr("exemplar.data.building.run.quick_encoder", not_distilled)
    code, _, err = run(capsys, "build", notes, "--quick")
    assert (code, err.splitlines()[-1]) == (
        1,
        "exemplar: all-MiniLM-L6-v2 can't be distilled: it is a bag of words",
    )
    code, out, err = run(capsys, "search", "notes", "cat", "--json")
    answer = json.loads(out)
    assert (code, answer["vectors"]) == (0, "none")
    assert [result["doc_id"] for result in answer["results"][:3]] == ["0", "1", "3"]
    assert err.splitlines()[0] == "The corpus notes is unfinished; searched by words."
    code, _, err = run(capsys, "search", "notes", "cat", "--ranker", "knn")
    assert (code, err.splitlines()[-1]) == (
        1,
        "exemplar: the corpus 'notes' has no vectors yet; rank by words, anchored",
    )
    code, _, err = run(capsys, "evaluate", "notes")
    assert (code, err.splitlines()[-1]) == (
        1,
        "exemplar: the corpus 'notes' is unfinished; finish its build first",
    )
    assert encoder.documents_encoded == 0
    code, _, err = run(capsys, "build", notes)
    assert code == 0
    assert (
        "Until it is embedded, search it by words: all-MiniLM-L6-v2 can't be distilled: it is a bag of words."
        in " ".join(err.split())
    )


def test_either_kind_of_vectors_is_measured_and_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, encoder: FakeEncoder
) -> None:
    build_corpus(source_of(ANIMALS, LABELS), encoder, quick=FakeQuickEncoder)
    results = {}
    for kind, options in (("quick", ["--vectors", "quick"]), ("full", ["--vectors", "full"]), ("best", [])):
        path = tmp_path / f"{kind}.json"
        assert run(capsys, "evaluate", "animals", "--rankers", "knn,anchored", "--json", str(path), *options)[0] == 0
        results[kind] = json.loads(path.read_text())
    assert [results[kind]["sets"][0]["model"] for kind in results] == ["fake, quick", "fake", "fake"]
    command = "exemplar evaluate animals --rankers knn,anchored"
    assert [results[kind]["command"] for kind in results] == [
        f"{command} --vectors quick",
        f"{command} --vectors full",
        command,
    ]
    assert {key: value for key, value in results["best"].items() if key != "command"} == {
        key: value for key, value in results["full"].items() if key != "command"
    }


def test_what_excludes_each_other_is_refused(capsys: pytest.CaptureFixture[str], notes: str) -> None:
    run(capsys, "build", notes)
    for arguments, message in (
        (("build", "notes", "--full", "--quick"), "leave --full and --on out"),
        (("build", notes, "--quick", "--on", "ray"), "leave --full and --on out"),
        (("build", notes, "--full", "--name", "notes"), "give its name, --on and --backend alone"),
        (("build", "notes", "--full", "--model", "other"), "give its name, --on and --backend alone"),
        (("build", "gone", "--full"), "there is no corpus named 'gone' (there are: notes)"),
        (("build", notes, "--quick"), "the corpus 'notes' has its full vectors; build it with these, or"),
        (("evaluate", "notes", "--vectors", "quick", "--index", "http://localhost:1"), "leave --vectors out"),
    ):
        code, _, err = run(capsys, *arguments)
        assert code == 1
        assert message in err
    assert run(capsys, "build", notes, "--quick", "--replace")[0] == 0
    assert open_corpus("notes").manifest.vectors == "quick"
    assert run(capsys, "build", "notes", "--full", "--if-missing")[0] == 0  # the full vectors had been kept
    assert open_corpus("notes").manifest.vectors == "full"


def test_the_demo_repairs_full_vectors_that_are_damaged(capsys: pytest.CaptureFixture[str], notes: str) -> None:
    run(capsys, "build", notes)
    path = corpus_folder("notes") / open_corpus("notes").manifest.build / VECTORS
    path.write_bytes(path.read_bytes()[:-9])
    assert run(capsys, "build", notes, "--quick", "--if-missing")[0] == 0
    assert open_corpus("notes").manifest.vectors == "full"
    assert verify_corpus("notes") == []
