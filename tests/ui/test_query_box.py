"""The box of the query, and the question what becomes of the marks of the query before; the model is a fake one."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import SessionStore
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.lists import Lists
from tests.support.pages import messages, press
from tests.support.search_page import (
    column,
    listed_marks,
    opened,
    opened_popover,
    page_text,
    part,
    search,
    searched,
    session_of,
    status,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]

ANSWERS = ["A new search", "The same search", "Add to this search"]


def saved(home: Path, session_id: str) -> Session:
    session = SessionStore(home / "sessions.sqlite").load(session_id)
    assert session is not None
    return session


def answers(app: AppTest) -> list[str]:
    return [button.label for button in app.button if button.label in ANSWERS]


def marked(query: str, *doc_ids: str) -> AppTest:
    """Return a page with a query and marks."""
    app = searched(query)
    for doc_id in doc_ids:
        Lists(app).mark(doc_id)
    return app


def test_without_marks_a_new_query_is_searched_for_at_once(animals: Corpus) -> None:
    app = searched("the dog")
    session = session_of(app)
    search(app, "  rain ")
    assert answers(app) == []
    assert (session_of(app), app.query_params["q"]) == (session, "rain")
    assert column(app, "knn")[0] in "89"


def test_with_marks_a_new_query_waits_for_an_answer(animals: Corpus, home: Path) -> None:
    app = marked("the dog", "3", "4")
    ranked = column(app, "anchored")
    search(app, "rain <b>*tomorrow*</b>")
    assert answers(app) == ANSWERS
    assert "2 marks were made for “the dog”. What is “rain <b>*tomorrow*</b>”?" in page_text(app)
    assert "<b>*" not in part(app, "which-marks")
    assert column(app, "anchored") == ranked
    assert app.query_params["q"] == "the dog"
    assert saved(home, session_of(app)).query == "the dog"
    assert app.text_input(key="query_text").value == "rain <b>*tomorrow*</b>"


def test_one_mark_is_one(animals: Corpus) -> None:
    app = marked("the dog", "3")
    search(app, "rain")
    assert "1 mark was made for “the dog”. What is “rain”?" in page_text(app)


def test_marks_for_more_like_a_document_are_named_so(animals: Corpus) -> None:
    app = searched("the dog")
    Lists(app).like("3").mark("4")
    search(app, "rain")
    assert "1 mark was made for more like 3. What is “rain”?" in page_text(app)


def test_a_new_search_is_a_new_session_and_the_marks_stay_in_the_old_one(animals: Corpus, home: Path) -> None:
    app = marked("the dog", "3")
    Lists(app).fold(on=False).do("ranker", side=1, ranker="svm")
    old = session_of(app)
    opened_popover(app, "filters").text_input(key="filter_words").input("rain").run()
    search(app, "rain")
    press(app, "A new search")
    assert session_of(app) != old
    assert (app.query_params["q"], app.text_input(key="query_text").value) == ("rain", "rain")
    assert answers(app) == listed_marks(app) == []
    new = saved(home, session_of(app))
    assert (new.query, new.feedback) == ("rain", Feedback())
    assert new.settings == Settings(rankers=("knn", "svm"), hide_marked=False)
    assert not new.filters
    assert (saved(home, old).query, saved(home, old).feedback) == ("the dog", Feedback(("3",)))


def test_the_same_search_keeps_the_marks_for_the_new_query_alone(animals: Corpus, home: Path) -> None:
    app = marked("the dog", "3")
    session = session_of(app)
    search(app, "rain")
    press(app, "The same search")
    assert answers(app) == []
    kept = saved(home, session)
    assert (session_of(app), kept.query, kept.earlier, kept.feedback) == (session, "rain", (), Feedback(("3",)))
    assert "earlier" not in status(app)
    assert column(app, "knn")[0] in "89"


def test_a_query_that_is_added_learns_from_both_and_lists_by_the_new_one(
    animals: Corpus, encoder: FakeEncoder, home: Path
) -> None:
    app = marked("the dog", "3")
    session = session_of(app)
    search(app, "rain")
    press(app, "Add to this search")
    together = saved(home, session)
    assert (session_of(app), together.query, together.earlier) == (session, "rain", ("the dog",))
    assert status(app) == "10 documents · with 1 earlier query"
    engine = SearchEngine(animals, lambda info: encoder)
    for ranker in ("knn", "anchored"):
        ranking = engine.search("rain", Feedback(("3",)), ranker=ranker, k=10, without=["3"], earlier=("the dog",))
        assert column(app, ranker) == list(ranking.doc_ids)
    search(app, "stocks")
    press(app, "Add to this search")
    assert saved(home, session).earlier == ("the dog", "rain")
    assert status(app) == "10 documents · with 2 earlier queries"
    again = opened(session)
    assert (status(again), column(again, "anchored")) == (status(app), column(app, "anchored"))


def test_the_same_query_again_and_a_query_without_marks_ask_nothing(animals: Corpus) -> None:
    app = marked("the dog", "3")
    search(app, " the dog ")
    assert answers(app) == []
    Lists(app).do("undo")
    search(app, "rain")
    assert answers(app) == []


def test_the_question_goes_where_the_person_goes_on(animals: Corpus, encoder: FakeEncoder) -> None:
    build_corpus(source_of(ANIMALS, name="other"), encoder)
    app = marked("the dog", "3")
    search(app, "rain")
    assert answers(app) == ANSWERS
    Lists(app).mark("4")
    assert answers(app) == ANSWERS, "to mark on is no answer"
    assert "2 marks were made" in page_text(app)
    Lists(app).like("5")
    assert answers(app) == []
    search(app, "rain")
    assert answers(app) == ANSWERS
    app.selectbox(key="corpus").select("other").run()
    app.selectbox(key="corpus").select("animals").run()
    assert answers(app) == []
    search(app, "rain")
    Lists(app).do("undo").do("undo")
    assert answers(app) == [], "there are no marks"


def test_another_query_in_place_of_an_answer_asks_about_that(animals: Corpus) -> None:
    app = marked("the dog", "3")
    search(app, "rain")
    search(app, "snow")
    assert "What is “snow”?" in page_text(app)
    search(app, "the dog")
    assert answers(app) == []


def test_a_query_from_the_address_is_taken_as_it_is(animals: Corpus, home: Path) -> None:
    app = marked("the dog", "3")
    app.query_params["q"] = "rain"
    app.run()
    assert answers(app) == []
    assert app.text_input(key="query_text").value == "rain"
    assert saved(home, session_of(app)).feedback == Feedback(("3",))


def test_another_query_is_written_with_the_view_that_is_shown(animals: Corpus) -> None:
    app = searched("the dog")
    for shown, named in (("Why", "why"), ("Mark next", "next"), ("Lists", None)):
        app.segmented_control(key="view").set_value(shown).run()
        search(app, f"rain for {shown}")
        assert (app.query_params["q"], app.query_params.get("view")) == (f"rain for {shown}", named)


def test_a_long_query_is_cut_kept_and_no_part_of_the_address(animals: Corpus, home: Path) -> None:
    typed = "dog " * 30_000
    app = searched(typed)
    cut = "The first 100,000 characters are the query; what comes behind them was left out."
    assert messages(app) == [cut]
    assert saved(home, session_of(app)).query == typed[:100_000].strip()
    assert app.query_params.keys() == {"session", "corpus"}
    Lists(app).mark("3")
    search(app, f"rain {'x' * 1_000}")
    question = part(app, "which-marks")
    assert len(question) < 600
    assert answers(app) == ANSWERS
    press(app, "The same search")
    assert saved(home, session_of(app)).query == f"rain {'x' * 1_000}"


def test_the_box_holds_the_query_of_the_session_after_a_reload_and_in_another_tab(animals: Corpus) -> None:
    app = searched("the dog")
    other = opened(session_of(app))
    assert other.text_input(key="query_text").value == "the dog"
    search(other, "rain")
    app.run()
    assert app.text_input(key="query_text").value == "rain"
