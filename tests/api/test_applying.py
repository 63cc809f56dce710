import socket
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from exemplar.api.engines import Engines
from exemplar.data.building.build import build_corpus
from exemplar.retrieval.saved_search.applying import apply
from exemplar.retrieval.saved_search.file import search_in_json
from exemplar.retrieval.search import SearchEngine
from tests.api.conftest import Ask
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder

Refused = Callable[..., tuple[int, str]]

NEW = ["the puppy chases the cat", "stocks and bonds fell", "a kitten", ANIMALS[3]]
MARKS = {"0": "relevant", "3": "relevant", "5": "not_relevant", "8": "unsure"}


@pytest.fixture
def saved(client: TestClient, post: Ask) -> dict:
    """The saved search of a session with marks."""
    path = "/sessions/" + post("/sessions", corpus="animals", query="cat")["session_id"]
    post(f"{path}/marks", marks=[{"doc_id": doc_id, "mark": mark} for doc_id, mark in MARKS.items()])
    answer = client.get(f"{path}/saved_search")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_corpus_is_ranked_as_by_the_file(post: Ask, saved: dict, encoder: FakeEncoder) -> None:
    corpus = build_corpus(source_of(NEW, name="new"), encoder)
    found = post("/apply", search=saved, corpus="new", threshold=0, k=2, skip=1)
    expected = apply(search_in_json(saved), SearchEngine(corpus, lambda built: encoder))
    assert [(each["doc_id"], each["score"]) for each in found["results"]] == [
        (str(row), score) for row, score in zip(expected.rows.tolist(), expected.scores.tolist(), strict=True)
    ][1:3]
    assert {key: found[key] for key in ("corpus", "comparable", "threshold", "n_ranked", "n_passing")} == {
        "corpus": "new",
        "comparable": True,
        "threshold": 0,
        "n_ranked": 4,
        "n_passing": expected.n_passing(0),
    }


def test_rows_are_ranked_with_the_scores_of_a_corpus_and_leave_nothing_behind(
    client: TestClient, post: Ask, saved: dict, encoder: FakeEncoder
) -> None:
    rows = [{"id": f"n{n}", "body": text} for n, text in enumerate(NEW)]
    rows[1:1] = [{"id": "n9", "body": None}, {"body": "no id of its own"}]
    found = post("/apply", search=saved, rows=rows, columns={"text": "body"}, threshold=0)
    by_row = {each["row"]: each for each in found["results"]}
    assert sorted(by_row) == [0, 2, 3, 4, 5]
    assert [by_row[row]["doc_id"] for row in (0, 3, 4, 5)] == ["n0", "n1", "n2", "n3"]
    assert {row: each["mark"] for row, each in by_row.items() if each["mark"]} == {5: "relevant"}
    assert all(each["passes"] == (each["score"] >= 0) for each in found["results"])
    assert found["problems"][0] == {"row": 1, "reason": "no text", "left_out": True}
    assert [(each["name"]) for each in client.get("/corpora").json()["corpora"]] == ["animals"]
    build_corpus(source_of(NEW, name="new"), encoder)
    of_corpus = post("/apply", search=saved, corpus="new")["results"]
    assert {each["score"] for each in of_corpus} <= {each["score"] for each in found["results"]}


def test_rows_are_embedded_in_the_precision_of_the_search(
    post: Ask, saved: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_corpus(source_of(NEW, name="new"), _Half())
    asked = []
    load = Engines.encoder
    monkeypatch.setattr(Engines, "encoder", lambda self, built: asked.append(built.precision) or load(self, built))
    half = {**saved, "encoder": {**saved["encoder"], "precision": "bfloat16"}}
    for search in (saved, half):
        post("/apply", search=search, rows=[{"text": "a kitten"}])
    assert asked == ["float32", "bfloat16"]
    notes = [post("/apply", search=search, corpus="animals")["note"] for search in (saved, half)]
    assert [note.partition(" by none,")[0] for note in notes] == ["", "These vectors were computed in float32"]


class _Half(FakeEncoder):
    precision = "bfloat16"


def test_trained_anew_scores_do_not_compare(post: Ask, saved: dict) -> None:
    rows = [{"text": text} for text in NEW]
    found = post("/apply", search={**saved, "threshold": 0.5}, rows=rows, retrain=True)
    assert (found["comparable"], found["threshold"], found["n_passing"]) == (False, None, None)
    assert sorted(each["row"] for each in found["results"]) == [0, 1, 2, 3]
    assert post("/apply", search={**saved, "threshold": 0.5}, rows=rows)["threshold"] == 0.5


def test_paths_urls_and_unknown_models_are_not_opened(
    refused: Refused, saved: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("/etc/passwd", "../animals", "https://example.org/a.csv", "hf://datasets/x", "docs"):
        status, sentence = refused("/apply", search=saved, corpus=name)
        assert (status, "corpus" in sentence) == (404 if name == "docs" else 400, True), name
    monkeypatch.setattr(socket, "getaddrinfo", None)  # nothing is looked up
    rows = [{"text": "a"}]
    models = [(model, "1") for model in ("/tmp/model", "someone/model", "https://example.org")]  # noqa: S108 - refused
    for model, revision in (*models, ("fake", "another")):
        other = {**saved, "encoder": {**saved["encoder"], "model": model, "revision": revision}}
        status, sentence = refused("/apply", search=other, rows=rows)
        assert (status, sentence.partition(",")[0]) == (400, f"this search needs the model '{model}'")
    status, sentence = refused("/apply", search=saved, rows=rows, file="/etc/passwd")
    assert sentence.startswith("the body has an unknown key 'file'; it needs search and may have corpus, rows, ")


def test_what_can_not_be_applied_is_said(refused: Refused, saved: dict) -> None:
    rows = [{"text": "a"}]
    for body, status, sentence in (
        ({"search": saved}, 400, "the body has neither 'corpus' nor 'rows'; give one of them"),
        ({"search": saved, "corpus": "animals", "rows": rows}, 400, "the body has both 'corpus' and 'rows'; give one"),
        ({"search": {}, "rows": rows}, 400, "'search' does not hold a saved search: it has no 'exemplar_saved_search'"),
        ({"search": {**saved, "marks": 1}, "rows": rows}, 400, "'search' does not hold a saved search: marks: "),
        ({"search": saved, "rows": []}, 400, "'rows' is empty; it needs at least 1"),
        (
            {"search": saved, "rows": [{"text": ["a", "b"]}, {"text": None}]},
            400,
            "none of the 2 rows has a text that can be read; the first: the text is a list",
        ),
        ({"search": saved, "rows": ["a"]}, 400, "'rows[0]' must be an object, got \"a\""),
        (
            {"search": saved, "rows": [{"a": 1, "b": 2}]},
            400,
            "say which column of the request holds the text; its ",
        ),
        (
            {"search": saved, "rows": rows, "columns": {"text": "body"}},
            400,
            "the request has no column 'body'; its columns ",
        ),
    ):
        found = refused("/apply", **body)
        assert (found[0], found[1][: len(sentence)]) == (status, sentence), found


def test_another_models_corpus_needs_training_anew(post: Ask, refused: Refused, saved: dict) -> None:
    other = {**saved, "encoder": {**saved["encoder"], "revision": "2"}}
    status, sentence = refused("/apply", search=other, corpus="animals")
    assert (status, sentence.endswith('("retrain": true)')) == (409, True), sentence
    assert post("/apply", search=other, corpus="animals", retrain=True)["n_ranked"] == 10
