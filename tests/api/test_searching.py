import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from exemplar import cli
from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.search import SearchEngine
from tests.api.conftest import TOKEN, Ask
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.loops import run
from tests.support.patience import PATIENCE

MARKS = {"relevant": ["1", "2"], "not_relevant": ["5"], "unsure": ["8"]}


@pytest.fixture
def engine(animals: Corpus, encoder: FakeEncoder) -> SearchEngine:
    return SearchEngine(animals, lambda built: encoder)


def test_the_corpora_are_listed(client: TestClient, animals: Corpus) -> None:
    manifest = animals.manifest
    assert client.get("/corpora").json() == {
        "corpora": [
            {
                "name": "animals",
                "n_documents": 10,
                "n_passages": 10,
                "vectors": "full",
                "model": "fake",
                "model_revision": "1",
                "created": manifest.created,
                "corpus_id": manifest.corpus_id,
            }
        ]
    }


def test_a_search_ranks_as_the_engine_does(post: Ask, engine: SearchEngine) -> None:
    found = post("/search", corpus="animals", query="cat", marks=MARKS, k=4, skip=1)
    expected = engine.search("cat", Feedback(("1", "2"), ("5",), ("8",)), k=4, skip=1)
    assert [(each["rank"], each["doc_id"], each["score"]) for each in found["results"]] == [
        (result.rank, result.doc_id, result.score) for result in expected.results
    ]
    assert [found[key] for key in ("corpus", "query", "ranker", "vectors", "n_ranked")] == [
        "animals",
        {"text": "cat", "document": None},
        "anchored",
        "full",
        10,
    ]
    assert found["training"]["stopped"] == "settled"


def test_a_document_ranker_c_and_filters_are_taken(post: Ask, engine: SearchEngine) -> None:
    options = {"ranker": "svm", "C": 0.3, "exact": True, "k": 3.0}  # 3.0 is a whole number in JSON
    found = post("/search", corpus="animals", document="3", filters={"labels": ["animal"]}, **options)
    expected = engine.search(DocumentQuery("3"), ranker="svm", C=0.3, until="exact")
    animal = [result for result in expected.results if result.labels == ("animal",)][:3]
    assert [(each["doc_id"], each["score"]) for each in found["results"]] == [
        (result.doc_id, result.score) for result in animal
    ]
    assert (found["query"], found["n_ranked"]) == ({"text": None, "document": "3"}, 4)


def test_the_command_line_prints_the_same_ranking(
    post: Ask, capsys: pytest.CaptureFixture[str], encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exemplar.retrieval.query_encoder.load_encoder", lambda *_, **__: encoder)
    with pytest.raises(SystemExit):
        cli.main(["search", "animals", "cat", "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert printed["results"] == post("/search", corpus="animals", query="cat")["results"]


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"query": "cat"}, 400, "the body has no 'corpus'; it needs corpus and may have query, document, marks, "),
        ({"corpus": "animals"}, 400, "the body has neither 'query' nor 'document'; give one of them"),
        ({"query": "a", "document": "1"}, 400, "the body has both 'query' and 'document'; give one of them"),
        ({"query": " \n"}, 400, "'query' is empty; give a text"),
        ({"query": 5}, 400, "'query' must be a text, got 5"),
        ({"query": "a", "qury": 1}, 400, "the body has an unknown key 'qury'; it needs corpus and may have query, "),
        ({"query": "a", "k": "ten"}, 400, "'k' must be a whole number, got \"ten\""),
        ({"query": "a", "k": 1001}, 400, "'k' must be at most 1,000, got 1001"),
        ({"query": "a", "k": True}, 400, "'k' must be a whole number, got true"),
        ({"query": "a", "C": 0}, 400, "'C' must be more than 0, got 0"),
        ({"query": "a", "ranker": "best"}, 400, "'ranker' must be one of \"knn\", "),
        ({"query": "a", "marks": {"relevant": ["1", 2]}}, 400, "'marks.relevant[1]' must be a text, got 2"),
        ({"query": "a", "marks": {"good": []}}, 400, "'marks' has an unknown key 'good'; it may have relevant, "),
        ({"query": "a", "marks": {"relevant": ["99"]}}, 400, "there is no document '99' in the corpus 'animals'"),
        ({"query": "a", "marks": {"relevant": ["1"], "unsure": ["1"]}}, 400, "the document '1' is marked more than"),
        ({"query": "a", "filters": {"fields": {"year": "2020"}}}, 400, "'filters.fields.year' must be a list, got"),
        ({"query": "a", "filters": {"words": "a " * 201}}, 400, "the filters hold more than 200 words"),
        ({"query": "a", "filters": {"fields": {"year": ["2020"]}}}, 400, "the corpus 'animals' has no column 'year'; "),
        (
            {"query": "a", "filters": {"labels": ["plant"]}},
            400,
            "the corpus 'animals' has no label 'plant'; its labels",
        ),
        ({"document": "99"}, 400, "there is no document '99' in the corpus 'animals'"),
        ({"query": "a", "corpus": "others"}, 404, "there is no corpus named 'others'"),
        ({"query": "a", "corpus": "../animals"}, 400, "'../animals' can't be the name of a corpus"),
        ({"query": "a", "corpus": "https://example.org"}, 400, "'https://example.org' can't be the name of a corpus"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    refused: Callable[..., tuple[int, str]], body: dict, status: int, sentence: str
) -> None:
    named = body if sentence.startswith("the body has no") else {"corpus": "animals", **body}
    found = refused("/search", **named)
    assert (found[0], found[1][: len(sentence)]) == (status, sentence)


def test_a_rebuilt_corpus_is_opened_anew(post: Ask) -> None:
    assert post("/search", corpus="animals", query="zebra")["n_ranked"] == 10
    build_corpus(source_of([*ANIMALS, "a zebra"]), FakeEncoder(), replace=True)
    assert post("/search", corpus="animals", query="zebra")["results"][0]["text"] == "a zebra"


def test_a_fault_is_logged_and_shows_no_traceback(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("secret inside")

    monkeypatch.setattr(SearchEngine, "search", fail)
    answer = client.post("/search", json={"corpus": "animals", "query": "cat"})
    path = home / "errors.log"
    sentence = f"a fault of Exemplar itself stopped this (KeyError); its traceback is in {path}"
    assert (answer.status_code, answer.json()) == (500, {"error": sentence})
    assert "secret inside" in path.read_text()


def test_many_at_once_get_what_each_gets_alone(client: TestClient) -> None:
    bodies = [
        {"corpus": "animals", "query": ANIMALS[n], "marks": {"relevant": [str(n)]}, "ranker": ranker}
        for n in range(8)
        for ranker in ("words", "hybrid", "anchored")
    ]

    def ask(body: dict) -> list[tuple[str, float]]:
        return [(each["doc_id"], each["score"]) for each in client.post("/search", json=body).json()["results"]]

    with ThreadPoolExecutor(8) as threads:
        at_once = list(threads.map(ask, bodies))
    assert at_once == [ask(body) for body in bodies]


def test_a_request_that_outlasts_the_server_is_told_so(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), threading.Event()
    monkeypatch.setattr(SearchEngine, "search", lambda *_, **__: (begun.set(), ended.wait()))
    headers = {"host": "localhost", "authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/search",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": b'{"corpus": "animals", "query": "cat"}'}

    async def send(message: dict) -> None:
        sent.append(message)

    async def cut_off() -> None:
        answering = asyncio.create_task(app(scope, receive, send))
        await asyncio.to_thread(begun.wait, PATIENCE)
        answering.cancel()
        try:
            await answering
        finally:
            ended.set()

    run(cut_off())
    assert sent[0]["status"] == 503
    assert json.loads(sent[1]["body"]) == {"error": "the interface is ending; ask again when it runs"}
