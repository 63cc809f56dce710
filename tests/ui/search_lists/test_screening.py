"""The view Screen on the server: progress, what may be claimed, random checks, and how the rows of marks were found."""

import sqlite3
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from exemplar.data.building.build import build_corpus
from exemplar.retrieval.sessions.events import CheckDrawn, Event, MarksAdded, SettingsSet
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import SessionStore
from tests.support.corpora import ANIMALS, many
from tests.support.fake_encoder import FakeEncoder
from tests.support.lists import Lists
from tests.support.pages import captions, messages, opened_app, press, press_key, ran
from tests.support.search_page import opened, opened_popover, searched, session_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model", "animals")]

NOTHING = "Nothing relevant is found yet, so nothing can be claimed."


@pytest.fixture
def store(home: Path) -> SessionStore:
    return SessionStore(home / "sessions.sqlite")


def screen(app: AppTest) -> Lists:
    ran(app.get_by_key("view").set_value("Screen").run())
    return Lists(app)


def events(store: SessionStore, app: AppTest) -> list[Event]:
    return [each.event for each in store.history(session_of(app))]


def drawn(app: AppTest, n: int) -> Lists:
    """Draw a random check of n records, and return the lists that show it."""
    opened_popover(app, "random_check").number_input(key="number_to_draw").set_value(n)
    press_key(app, "draw_check")
    return Lists(app)


def heading(lists: Lists) -> str:
    return str(lists.data["lists"][-1]["title"])


def test_the_line_counts_what_is_read_and_the_sentence_claims_nothing_before_it_can() -> None:
    app = searched("the dog")
    assert Lists(app).data["claim"] is None
    lists = screen(app)
    assert lists.data["counted"] == "+0 relevant  −0 not relevant  ?0 unsure · read 0 of 10"
    assert lists.data["claim"] == {"sentence": NOTHING, "needs": "Find a relevant record first.", "told": "0 0 0 0"}
    lists.mark("4").mark("3", "negative").mark("0", "negative")
    assert lists.data["counted"].startswith(
        "+1 relevant  −2 not relevant  ?0 unsure · read 3 of 10 · last relevant 2 ago"
    )
    lists.mark("2", "unsure")
    assert "?1 unsure · read 4 of 10 · the last one was relevant or unsure" in lists.data["counted"]
    lists.mark_all(lists.listed(), "negative").mark("2", "negative")
    assert lists.data["claim"]["sentence"] == "Everything is read: 1 is relevant."


def test_the_row_that_is_read_is_sent_though_it_is_not_listed(encoder: FakeEncoder) -> None:
    build_corpus(many(60), encoder)
    app = opened_app(corpus="many", q="word1", view="screen")
    lists = Lists(app)
    assert lists.data["view"] == "screen", "a reload keeps the view, by its address"
    read, other, *_ = sorted(set(range(60)).difference(lists.data["lists"][0]["rows"]))
    lists.say(need=[other, 99], open=read, lacks=True)
    assert [lists.rows[row]["id"] for row in (read, other)] == [str(read), str(other)]
    assert lists.data["opened"]["row"] == read
    assert lists.data["marks"] == {}


def test_a_step_back_names_the_document_that_it_returns() -> None:
    lists = screen(searched("the dog"))
    assert lists.data["returns"] == []
    lists.mark("4").mark_all(["3", "0"], "negative")
    assert lists.data["returns"] == ["4", "3"]
    assert lists.data["marks"] == {3: "negative"}, "the browser needs its text, and its mark"
    lists.do("undo")
    assert lists.data["returns"] == ["4"]


def test_marks_of_a_range_say_where_each_was_found(store: SessionStore) -> None:
    app = searched("the dog")
    lists = screen(app)
    first, second, *_ = lists.listed()
    lists.mark_all([first, second], "negative")
    [added] = [event for event in events(store, app) if isinstance(event, MarksAdded)]
    assert added.found == {first: {"list": "anchored", "rank": 1}, second: {"list": "anchored", "rank": 2}}


def test_a_random_check_is_in_the_log_before_it_is_shown_and_its_marks_name_it(store: SessionStore) -> None:
    app = searched("the dog")
    ranked = screen(app).mark("4").listed()
    lists = drawn(app, 3)
    [check] = [event for event in events(store, app) if isinstance(event, CheckDrawn)]
    assert (len(check.doc_ids), check.n_unread) == (3, 9)
    assert heading(lists) == "Random check 1: 0 of 3 judged"
    assert tuple(lists.listed()) == check.doc_ids, "in the order in which they were drawn"
    assert set(check.doc_ids) <= set(ranked)
    first, second, third = check.doc_ids
    lists.mark(first, "negative")
    assert (heading(lists), lists.listed()) == ("Random check 1: 1 of 3 judged", [second, third])
    lists.do("undo")
    assert (heading(lists), lists.listed()) == ("Random check 1: 0 of 3 judged", [first, second, third])
    lists.mark_all([first, second], "negative").mark(third, "unsure")
    assert heading(lists) == "Learned from your marks"
    assert set(lists.listed()) == set(ranked) - set(check.doc_ids)
    marks = store.load(session_of(app)).marks
    assert [marks.found[doc_id] for doc_id in check.doc_ids] == [{"random": 1}] * 3
    lists.do("undo")
    assert (heading(lists), lists.listed()) == ("Random check 1: 2 of 3 judged", [third]), "it is open again"


def test_a_check_of_all_that_is_unread_guarantees_what_it_shows() -> None:
    app = searched("the dog")
    screen(app).mark("4")
    opened_popover(app, "random_check")
    assert app.number_input(key="number_to_draw").value == 9
    assert "If none of 9 is relevant, it guarantees with 95% confidence that at least 95%" in " ".join(captions(app))
    app.number_input(key="number_to_draw").set_value(8).run()
    assert app.number_input(key="number_to_draw").value == 8, "what the person chose stays"
    lists = drawn(app, 9)
    lists.mark_all(lists.listed()[:-1], "negative")
    assert lists.data["claim"]["sentence"].startswith("It can't be claimed yet")
    lists.mark(lists.listed()[0], "negative")
    assert lists.data["claim"]["sentence"] == "Everything is read: 1 is relevant."


def test_a_check_may_be_set_aside_and_gone_on_with(store: SessionStore) -> None:
    app = searched("the dog")
    screen(app).mark("4")
    drawn(app, 3)
    opened_popover(app, "random_check")
    assert "stays spent" in " ".join(captions(app))
    press(app, "Back to the ranking")
    lists = Lists(app)
    assert heading(lists) == "Learned from your marks"
    [check] = [event for event in events(store, app) if isinstance(event, CheckDrawn)]
    lists.mark(check.doc_ids[0], "negative")
    assert heading(lists) == "Learned from your marks"
    opened_popover(app, "random_check")
    assert not [button for button in app.button if button.key == "draw_check"], "no other one while it is open"
    press(app, "Go on with the check")
    assert heading(Lists(app)) == "Random check 1: 1 of 3 judged"
    again = opened(session_of(app))
    assert heading(screen(again)) == "Random check 1: 1 of 3 judged"


def test_an_open_row_of_a_check_shows_nothing_of_marks_or_rankings() -> None:
    app = searched("the dog")
    lists = screen(app).mark("4")
    opened_row = lists.say(open=lists.row("3"), lacks=True).data["opened"]
    assert (opened_row["because"][0]["title"], opened_row["words"]) == ("4", ["dog"])
    drawn(app, 9)
    lists = Lists(app)
    assert lists.say(open=lists.row("3"), lacks=True).data["opened"] == {
        "row": 3,
        "parts": [("", ANIMALS[3])],
        "because": [],
        "words": [],
        "fields": [],
        "cut": "",
    }
    opened_popover(app, "random_check")
    press(app, "Back to the ranking")
    assert Lists(app).say(open=lists.row("3"), lacks=True).data["opened"]["because"] != []


def test_a_check_that_can_not_be_saved_shows_nothing(store: SessionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    app = searched("the dog")
    screen(app).mark("4")

    def refuse(*_: object, **__: object) -> bool:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(SessionStore, "record", refuse)
        lists = drawn(app, 3)
        assert heading(lists) == "Learned from your marks"
        assert messages(app) == ["Nothing was drawn: database or disk is full"]
    assert not [event for event in events(store, app) if isinstance(event, CheckDrawn)]


def test_other_filters_end_a_check() -> None:
    app = searched("the dog")
    screen(app).mark("4")
    drawn(app, 3)
    opened_popover(app, "filters").multiselect(key="filter_labels").set_value(["animal"]).run()
    lists = Lists(app)
    assert heading(lists) == "Learned from your marks"
    assert "read 1 of 5" in lists.data["counted"]


def test_the_target_is_a_setting_of_the_session_and_the_curve_is_drawn_once_something_is_read(
    store: SessionStore,
) -> None:
    app = searched("the dog")
    lists = screen(app)
    opened_popover(app, "left")
    assert "A curve of what is found stands here once something is read." in captions(app)
    assert not app.get("vega_lite_chart")
    lists.mark("4").mark("3", "negative")
    opened_popover(app, "left")
    [_] = app.get("vega_lite_chart")
    app.select_slider(key="target_recall").set_value(0.8).run()
    assert SettingsSet(Settings(recall=0.8)) in events(store, app)
    assert "at least 80% of the relevant records" in Lists(app).data["claim"]["sentence"]
