from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import remove_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.events import Marked, MarksAdded, Noted, NotesAdded, Opened, Queried, SettingsSet
from exemplar.retrieval.sessions.marks import MarkedText
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import home_store
from tests.api.conftest import Ask
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder

Refused = Callable[..., tuple[int, str]]


@pytest.fixture
def session(post: Ask) -> str:
    """The path of a session with a query and a reader."""
    return "/sessions/" + post("/sessions", corpus="animals", query="cat", reader="Ann")["session_id"]


def marks_of(answer: dict) -> dict[str, str]:
    return {each["doc_id"]: each["mark"] for each in answer["marks"]}


def events_of(path: str) -> list[object]:
    return [entry.event for entry in home_store().history(path.rpartition("/")[2])]


def test_a_session_begins_with_a_query_and_is_listed(client: TestClient, session: str, animals: Corpus) -> None:
    session_id = session.rpartition("/")[2]
    settings = Settings(reader="Ann")
    assert client.get(session).json() == {
        "session_id": session_id,
        "corpus": "animals",
        "title": "cat",
        "query": {"text": "cat", "document": None},
        "earlier": [],
        "marks": [],
        "notes": {},
        "reasons": {},
        "filters": {"labels": [], "fields": {}, "words": "", "without": ""},
        "settings": settings.to_json(),
    }
    [listed] = client.get("/sessions").json()["sessions"]
    assert {key: listed[key] for key in ("session_id", "title", "name", "corpus", "n_events")} == {
        "session_id": session_id,
        "title": "cat",
        "name": "",
        "corpus": "animals",
        "n_events": 3,
    }
    assert events_of(session) == [Opened(), SettingsSet(settings), Queried("cat")]
    assert home_store().load(session_id).corpus_id == animals.manifest.corpus_id


def test_one_mark_is_the_pages_event_with_text_reader_and_rank(post: Ask, session: str, animals: Corpus) -> None:
    item = {"doc_id": "3", "mark": "relevant", "note": "a dog", "list": "anchored", "rank": 2}
    answer = post(f"{session}/marks", marks=[item])
    [text_hash] = animals.text_hashes([3])
    marked, noted = events_of(session)[3:]
    assert marked == Marked("3", "positive", text_hash, reader="Ann", found={"list": "anchored", "rank": 2})
    assert noted == Noted("3", "a dog", text_hash)
    assert home_store().texts(answer["session_id"]) == {text_hash: MarkedText(None, ANIMALS[3])}
    assert [{**each, "made": ""} for each in answer["marks"]] == [
        {"doc_id": "3", "mark": "relevant", "made": "", "reader": "Ann", "state": "present"}
    ]
    assert answer["notes"] == {"3": "a dog"}


def test_several_marks_are_one_step_that_can_be_undone(post: Ask, session: str, animals: Corpus) -> None:
    post(f"{session}/marks", marks=[{"doc_id": "9", "mark": "unsure"}])
    items = [
        {"doc_id": "0", "mark": "relevant"},
        {"doc_id": "5", "mark": "not_relevant", "reason": "wrong population"},
        {"doc_id": "6", "note": "look again"},
        {"doc_id": "9", "mark": None},
    ]
    answer = post(f"{session}/marks", marks=items, reader="Bea")
    assert marks_of(answer) == {"0": "relevant", "5": "not_relevant"}
    assert {each["reader"] for each in answer["marks"]} == {"Bea"}
    assert (answer["notes"], answer["reasons"]) == ({"6": "look again"}, {"5": "wrong population"})
    hashes = dict(zip(("0", "5"), animals.text_hashes([0, 5]), strict=True))
    assert events_of(session)[4:] == [
        MarksAdded(Feedback(("0",), ("5",)), hashes, taken_back=("9",), reader="Bea"),
        NotesAdded({"6": "look again"}, {"5": "wrong population"}),
    ]
    assert marks_of(post(f"{session}/undo")) == {"9": "unsure"}
    assert marks_of(post(f"{session}/redo")) == {"0": "relevant", "5": "not_relevant"}
    assert marks_of(post(f"{session}/undo")) == {"9": "unsure"}
    assert marks_of(post(f"{session}/undo")) == {}


def test_copies_share_a_mark_whichever_is_named(post: Ask, refused: Refused, session: str) -> None:
    build_corpus(source_of([*ANIMALS, ANIMALS[0]]), FakeEncoder(), replace=True)  # 10 is a copy of 0
    ways = [{"doc_id": "0", "mark": "relevant"}, {"doc_id": "10", "mark": "unsure"}]
    sentence = "the documents '0' and '10' are copies of one text with different marks; keep one mark"
    assert refused(f"{session}/marks", marks=ways) == (400, sentence)
    post(f"{session}/marks", marks=[{"doc_id": "0", "mark": "relevant"}])
    assert marks_of(post(f"{session}/marks", marks=[{"doc_id": "10", "mark": "not_relevant"}])) == {
        "10": "not_relevant"
    }
    assert marks_of(post(f"{session}/marks", marks=[{"doc_id": "0", "mark": None}])) == {}


def test_a_ranking_is_by_the_sessions_marks_and_leaves_them_out(
    client: TestClient, post: Ask, session: str, animals: Corpus, encoder: FakeEncoder
) -> None:
    post(f"{session}/marks", marks=[{"doc_id": "3", "mark": "relevant"}, {"doc_id": "5", "mark": "not_relevant"}])
    post(f"{session}/query", query="kitten", added=True)
    found = client.get(f"{session}/ranking?k=3&skip=1&ranker=anchored-vectors").json()
    engine = SearchEngine(animals, lambda built: encoder)
    marks, rank = Feedback(("3",), ("5",)), {"k": 3, "skip": 1, "without": ("3", "5"), "earlier": ["cat"]}
    expected = engine.search("kitten", marks, ranker="anchored-vectors", **rank)
    assert [(each["doc_id"], each["score"]) for each in found["results"]] == [
        (result.doc_id, result.score) for result in expected.results
    ]
    assert found["ranker"] == "anchored-vectors"
    assert client.get(f"{session}/ranking").json()["ranker"] == "anchored"


def test_marks_follow_their_texts_to_a_rebuilt_corpus(client: TestClient, post: Ask, session: str) -> None:
    post(f"{session}/marks", marks=[{"doc_id": "0", "mark": "relevant"}, {"doc_id": "1", "mark": "unsure"}])
    build_corpus(source_of(["new", "changed", ANIMALS[0]]), FakeEncoder(), replace=True)
    after = {(each["doc_id"], each["mark"], each["state"]) for each in client.get(session).json()["marks"]}
    assert after == {("2", "relevant", "present"), ("1", "unsure", "changed")}
    assert len(events_of(session)) == 4  # to look writes nothing
    taken_back = post(f"{session}/marks", marks=[{"doc_id": "1", "mark": None}])
    assert marks_of(taken_back) == {"2": "relevant"}
    remove_corpus("animals")
    assert [each["state"] for each in client.get(session).json()["marks"]] == ["gone"]
    assert client.get(f"{session}/ranking").status_code == 404


def test_what_can_not_be_done_is_said(client: TestClient, post: Ask, refused: Refused, session: str) -> None:
    assert refused("/sessions/none/marks", marks=[]) == (404, "there is no session 'none'; it may have been deleted")
    assert refused("/sessions", corpus="others")[0] == 404
    assert refused("/sessions", corpus="animals", query="a", document="1")[1] == (
        "the body has both 'query' and 'document'; give one of them"
    )
    assert refused(f"{session}/query", document="99") == (400, "there is no document '99' in the corpus 'animals'")
    assert refused(f"{session}/undo") == (400, "there is no change of marks to undo")
    assert refused(f"{session}/redo") == (400, "there is no change of marks to redo")
    for marks, sentence in (
        ([{"doc_id": "99", "mark": "relevant"}], "there is no document '99' in the corpus 'animals'"),
        ([{"doc_id": "1"}, {"doc_id": "1"}], "the document '1' stands more than once in 'marks'; name it once"),
        ([{"doc_id": "1", "mark": "positive"}], '\'marks[1].mark\' must be one of "relevant", "not_relevant", '),
    ):
        status, said = refused(f"{session}/marks", marks=[{"doc_id": "0", "mark": "relevant"}, *marks])
        assert (status, said[: len(sentence)]) == (400, sentence)
    assert client.get(session).json()["marks"] == []  # all or none
    empty = "/sessions/" + post("/sessions", corpus="animals")["session_id"]
    assert client.get(f"{empty}/ranking").json() == {"error": "the session has no query; give it one, then rank"}
    assert len(client.get("/sessions").json()["sessions"]) == 1  # the empty one is not listed


def test_a_document_can_be_the_query_until_its_text_is_another(client: TestClient, post: Ask, session: str) -> None:
    answer = post(f"{session}/query", document="0")
    assert (answer["query"], answer["earlier"]) == ({"text": None, "document": "0"}, [])
    assert "0" not in [each["doc_id"] for each in client.get(f"{session}/ranking").json()["results"]]
    build_corpus(source_of(["another"]), FakeEncoder(), replace=True)
    sentence = "the document that is the session's query is another text now; give it another query"
    assert client.get(f"{session}/ranking").json() == {"error": sentence}
