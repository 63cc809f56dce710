"""The pages as Streamlit runs them, without a browser; the model is a fake one."""

import html
import re
import sqlite3
import threading
import tomllib
from contextlib import closing
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import remove_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.errors import ExemplarError
from exemplar.data.milvus.server import ADDRESS
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.store import SessionStore
from exemplar.ui import resources
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

APP = str(ROOT / "app.py")


@pytest.fixture(autouse=True)
def fake_model(monkeypatch: pytest.MonkeyPatch, encoder: FakeEncoder) -> None:
    st.cache_resource.clear()
    monkeypatch.setattr("exemplar.ui.resources.load_encoder", lambda model, **_: encoder)


def opened(session: str | None = None) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=30)
    if session:
        app.query_params["session"] = session
    return app.run()


def searched(text: str) -> AppTest:
    app = opened()
    app.text_input(key="query_text").input(text)
    press(app, "Search")
    return app


def press(app: AppTest, label: str) -> None:
    [button] = [button for button in app.button if button.label == label]
    button.click().run()


def column(app: AppTest, ranker: str) -> list[str]:
    """Return the doc_ids of a column, in order."""
    try:
        found = bodies(app, ranker)
    except KeyError:  # no such column
        return []
    return [html.unescape(doc_id) for doc_id in re.findall(r'class="ex-id" dir="auto">(.*?)</span>', found)]


def page_text(app: AppTest) -> str:
    return html.unescape("".join(re.sub(r"<.*?>", " ", part.body) for part in app.get("html")))


def messages(app: AppTest, kind: str) -> list[str]:
    """Return the sentences that the page tells, without their signs."""
    found = [
        re.fullmatch(rf'<div class="ex-message ex-{kind}".*?</b> (.*)</div>', part.body) for part in app.get("html")
    ]
    return [html.unescape(match[1]) for match in found if match]


def listed_marks(app: AppTest) -> list[str]:
    """Return the keys of the buttons that take a listed mark back, in order."""
    return [button.key for button in app.sidebar.button if button.label == "Remove"]


def bodies(app: AppTest, ranker: str | None, key: str = "") -> str:
    """Return the HTML of a column, or of another part of the page."""
    return "".join(part.body for part in app.get_by_key(key or f"column-{ranker}").get("html"))


def quiet_line(app: AppTest) -> str:
    [line] = re.findall(r'<div class="ex-quiet" role="status">(.*?)</div>', "".join(p.body for p in app.get("html")))
    return html.unescape(line)


def opened_popover(app: AppTest, key: str) -> AppTest:
    app.session_state[key] = True
    return app.run()


def page_of(app: AppTest) -> int:
    return app.session_state["page"]


def turn(app: AppTest, page: int) -> None:
    app.session_state["page"] = page
    app.run()


def session_of(app: AppTest) -> str:
    return app.query_params["session"]


def test_a_query_fills_both_columns(animals: Corpus) -> None:
    app = searched("the dog")
    assert column(app, "knn")[0] in "34"
    assert sorted(column(app, "knn")) == sorted(column(app, "anchored")) == list("0123456789")
    assert ANIMALS[3] in page_text(app)
    assert messages(app, "error") == []
    assert not app.exception


def test_each_column_says_what_its_ranking_took(animals: Corpus) -> None:
    app = searched("the dog")
    knn, svm = (app.get_by_key(f"column-{ranker}").caption[0].value for ranker in ("knn", "anchored"))
    assert re.fullmatch(r"nearest to the query; .*  \n\d+ ms", knn)
    assert re.fullmatch(r"query and marks .*  \n\d+ ms · \d scans? · \d+ support rows · (settled|exact)", svm)


def test_the_right_column_can_be_the_notebooks_svm(animals: Corpus) -> None:
    app = searched("the dog")
    app.selectbox(key="ranker-1").select("svm").run()
    assert sorted(column(app, "knn")) == sorted(column(app, "svm")) == list("0123456789")
    app.button(key="positive svm 5").click().run()
    assert listed_marks(app) == ["remove 5"]
    assert not app.exception


def test_rankers_that_are_both_chosen_change_places(animals: Corpus) -> None:
    app = searched("the dog")
    app.selectbox(key="ranker-0").select("anchored").run()
    assert (app.selectbox(key="ranker-0").value, app.selectbox(key="ranker-1").value) == ("anchored", "knn")
    app.selectbox(key="ranker-1").select("svm").run()
    assert column(app, "knn") == []
    assert len(column(app, "anchored")) == len(column(app, "svm")) == 10


def test_one_column_is_enough_for_a_small_screen(animals: Corpus) -> None:
    app = searched("the dog")
    app.get_by_key("columns").set_value(1).run()
    assert column(app, "knn") == []
    assert len(column(app, "anchored")) == 10
    assert "overlap" not in quiet_line(app)
    app.get_by_key("columns").set_value(2).run()
    assert len(column(app, "knn")) == len(column(app, "anchored")) == 10


def test_the_settings_are_the_sessions(animals: Corpus) -> None:
    app = searched("the dog")
    app.selectbox(key="ranker-1").select("svm").run()
    app.get_by_key("k").set_value(25).run()
    app.select_slider(key="C").set_value(0.5).run()
    app.toggle(key="hide_marked").set_value(True).run()
    again = opened(session_of(app))
    assert again.selectbox(key="ranker-1").value == "svm"
    assert again.get_by_key("k").value == 25
    assert again.select_slider(key="C").value == 0.5
    assert again.toggle(key="hide_marked").value is True


def test_a_corpus_that_is_new_to_a_session_begins_with_its_settings(animals: Corpus, encoder: FakeEncoder) -> None:
    build_corpus(source_of(ANIMALS[5:], name="other"), encoder)
    app = searched("the dog")
    app.get_by_key("columns").set_value(1).run()
    app.selectbox(key="corpus").select("other").run()
    assert app.get_by_key("columns").value == 1
    assert opened(session_of(app)).get_by_key("columns").value == 1


def test_marked_rows_can_be_hidden(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 4").click().run()
    app.toggle(key="hide_marked").set_value(True).run()
    assert "4" not in column(app, "knn") + column(app, "anchored")
    assert "9 of 10 documents · 1 mark" in quiet_line(app)
    for doc_id in "012356789":
        app.button(key=f"negative anchored {doc_id}").click().run()
    assert "Every document is marked, and marked rows are hidden." in [caption.value for caption in app.caption]


def test_a_row_says_where_the_other_column_has_it(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    knn, anchored = column(app, "knn"), column(app, "anchored")
    notes = re.findall(r'class="ex-note ex-(\w+)" dir="auto" title="([^"]*)">(.*?)</span>', bodies(app, "anchored"))
    for doc_id, (kind, title, text) in zip(anchored, notes, strict=True):
        moved = knn.index(doc_id) - anchored.index(doc_id)
        assert text == (f"▲{moved}" if moved > 0 else f"▼{-moved}" if moved else "=")
        assert kind == ("up" if moved > 0 else "down" if moved else "same")
        assert f"at rank {knn.index(doc_id) + 1}" in title or title == "kNN has it at the same rank"


def test_the_quiet_line_counts(animals: Corpus) -> None:
    app = searched("the dog")
    line = r"overlap@10: 10 · kNN \d+ ms · Anchored SVM \d+ ms · 10 documents · 0 marks"
    assert re.fullmatch(line, quiet_line(app))
    app.button(key="positive anchored 5").click().run()
    assert quiet_line(app).endswith("10 documents · 1 mark")


def test_undo_and_redo_go_through_the_changes_of_marks(animals: Corpus) -> None:
    app = searched("the dog")
    assert app.button(key="undo").disabled
    assert app.button(key="redo").disabled
    app.button(key="positive anchored 5").click().run()
    once = column(app, "anchored")
    app.button(key="negative anchored 3").click().run()
    press(app, "Clear all marks")
    app.button(key="undo").click().run()
    assert listed_marks(app) == ["remove 5", "remove 3"]
    app.button(key="undo").click().run()
    assert listed_marks(app) == ["remove 5"]
    assert column(app, "anchored") == once
    app.button(key="redo").click().run()
    assert listed_marks(app) == ["remove 5", "remove 3"]
    again = opened(session_of(app))
    again.button(key="undo").click().run()
    assert listed_marks(again) == ["remove 5"]
    again.button(key="positive anchored 9").click().run()
    assert again.button(key="redo").disabled


def test_filters_hold_for_both_columns_and_are_kept(animals: Corpus) -> None:
    app = opened_popover(searched("the dog"), "filters")
    app.multiselect(key="filter_labels").set_value(["market", "weather"]).run()
    assert sorted(column(app, "knn")) == sorted(column(app, "anchored")) == list("56789")
    assert "5 of 10 documents · 0 marks · filters: label market or weather" in quiet_line(app)
    opened_popover(app, "filters").text_input(key="filter_words").input("stocks").run()
    opened_popover(app, "filters").text_input(key="filter_without").input("bonds sharply").run()
    assert column(app, "knn") == column(app, "anchored") == ["6"]
    app.button(key="positive anchored 6").click().run()
    assert listed_marks(app) == ["remove 6"]
    again = opened(session_of(app))
    assert column(again, "anchored") == ["6"]
    press(opened_popover(again, "filters"), "Clear filters")
    assert len(column(again, "anchored")) == 10


def test_filters_that_nothing_passes_say_so(animals: Corpus) -> None:
    app = opened_popover(searched("the dog"), "filters")
    app.text_input(key="filter_words").input("aardvark").run()
    assert "No document passes the filters." in [caption.value for caption in app.caption]
    app.button(key="clear").click().run()
    assert len(column(app, "knn")) == 10


def test_other_columns_can_be_filtered_by(encoder: FakeEncoder) -> None:
    rows = [Document(str(n), f"dog {n}", None, {"*ye](x)ar*": str(2000 + n % 3), "id": str(n)}) for n in range(9)]
    build_corpus(Source("years", SourceSpec("years"), lambda: iter(rows)), encoder)
    app = opened_popover(searched("dog"), "filters")
    [picker] = app.multiselect
    assert picker.label == "ye x ar"
    assert picker.options == ["2000", "2001", "2002"]
    picker.set_value(["2001"]).run()
    assert sorted(column(app, "knn")) == ["1", "4", "7"]
    assert "*ye](x)ar* 2001" in quiet_line(app)


def test_three_thousand_labels_can_be_picked_from(encoder: FakeEncoder) -> None:
    rows = [Document(str(n), f"dog {n}", f"label {n}") for n in range(3000)]
    build_corpus(Source("many", SourceSpec("many"), lambda: iter(rows)), encoder)
    app = opened_popover(searched("dog"), "filters")
    assert len(app.multiselect(key="filter_labels").options) == 3000
    app.multiselect(key="filter_labels").set_value(["label 2999"]).run()
    assert column(app, "knn") == ["2999"]


def test_further_pages_go_on_where_the_last_ended(encoder: FakeEncoder) -> None:
    build_corpus(source_of([f"dog number {n}" for n in range(60)], name="dogs"), encoder)
    app = searched("dog")
    first = column(app, "anchored")
    turn(app, 6)
    assert re.findall(r'ex-rank" dir="auto">(\d+)', bodies(app, "anchored")) == [str(rank) for rank in range(51, 61)]
    assert not set(column(app, "anchored")) & set(first)
    last = column(app, "anchored")
    app.button(key=f"negative anchored {last[0]}").click().run()
    assert listed_marks(app) == [f"remove {last[0]}"]
    app.toggle(key="hide_marked").set_value(True).run()
    assert page_of(app) == 1, "other settings begin at the first page"
    turn(app, 6)
    assert len(column(app, "anchored")) == 9
    opened_popover(app, "filters").text_input(key="filter_words").input("7").run()
    assert column(app, "anchored") == ["7"]


def test_a_page_that_marks_have_emptied_gives_way_to_the_last(encoder: FakeEncoder) -> None:
    build_corpus(source_of([f"dog number {n}" for n in range(11)], name="dogs"), encoder)
    app = searched("dog")
    app.toggle(key="hide_marked").set_value(True).run()
    turn(app, 2)
    [lone] = column(app, "anchored")
    app.button(key=f"negative anchored {lone}").click().run()
    assert len(column(app, "anchored")) == 10


def test_a_mark_leads_to_its_row(encoder: FakeEncoder) -> None:
    build_corpus(source_of([f"dog number {n}" for n in range(60)], name="dogs"), encoder)
    app = searched("dog")
    turn(app, 4)
    far = column(app, "knn")[3]
    app.button(key=f"negative knn {far}").click().run()
    turn(app, 1)
    app.button(key=f"jump {far}").click().run()
    assert far in column(app, "anchored")
    opened_popover(app, "filters").text_input(key="filter_words").input("aardvark").run()
    app.button(key=f"jump {far}").click().run()
    assert messages(app, "warning") == ["It is not among the first 1,000 here, or the filters leave it out."]


def test_what_to_mark_next_is_marked_in_place(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    app.get_by_key("view").set_value("Mark next").run()
    suggested = re.findall(r'ex-id" dir="auto">(.*?)<', bodies(app, None, "next-disagreement"))
    assert len(suggested) == 4
    assert "5" not in suggested
    app.button(key=f"negative next {suggested[0]}").click().run()
    assert listed_marks(app) == ["remove 5", f"remove {suggested[0]}"]
    assert not app.exception


def test_why_is_a_chart_of_both_rankings(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    app.get_by_key("view").set_value("Why").run()
    [chart] = app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart")
    assert "The document of the point that you click stands here." in page_text(app)
    app.session_state["picked_point"] = "8"
    app.run()
    assert ANIMALS[8] in page_text(app)
    app.button(key="negative why 8").click().run()
    assert listed_marks(app) == ["remove 5", "remove 8"]
    assert chart is not None
    assert not app.exception


def test_sentences_that_carried_a_row_are_marked(encoder: FakeEncoder) -> None:
    text = "It rained all day. The <b>cat</b> slept on the mat. Nobody came."
    build_corpus(source_of([text, "a dog"], name="cats"), encoder)
    app = searched("the <b>cat</b> slept")
    carried = re.findall(r'<mark class="ex-carried" dir="auto">(.*?)</mark>', bodies(app, "anchored"))
    assert carried == [html.escape("The <b>cat</b> slept on the mat.")]


def test_a_page_waits_for_another_that_is_drawn_and_where_milvus_serves_for_none(
    animals: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exemplar.ui.page_scheduler._LONGEST", 60)
    drawn = threading.Event()
    app = AppTest.from_file(APP, default_timeout=60)
    another = threading.Thread(target=lambda: (app.run(), drawn.set()))
    with resources.page():
        another.start()
        assert not drawn.wait(timeout=2)
        monkeypatch.setenv(ADDRESS, "http://localhost:1")
        with resources.page():
            monkeypatch.delenv(ADDRESS)
    another.join()
    assert app.text_input(key="query_text").value == ""


def test_what_another_tab_has_marked_is_there_at_the_next_step(animals: Corpus) -> None:
    first = searched("the dog")
    second = opened(session_of(first))
    second.button(key="positive anchored 5").click().run()
    first.button(key="negative anchored 3").click().run()
    assert listed_marks(first) == ["remove 5", "remove 3"] or listed_marks(first.run()) == ["remove 5", "remove 3"]
    assert listed_marks(second.run()) == ["remove 5", "remove 3"]


def test_a_session_that_was_deleted_elsewhere_goes_on_as_a_new_one(animals: Corpus, home: Path) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    old = session_of(app)
    SessionStore(home / "sessions.sqlite").delete(old)
    app.run()
    [warning] = messages(app, "warning")
    assert warning == "This session was deleted elsewhere. What is on this page goes on as a new one."
    assert session_of(app) != old
    again = opened(session_of(app))
    assert listed_marks(again) == ["remove 5"]
    assert again.text_input(key="query_text").value == "the dog"


def test_a_link_names_corpus_and_query(animals: Corpus, encoder: FakeEncoder) -> None:
    build_corpus(source_of(ANIMALS[5:], name="other"), encoder)
    app = AppTest.from_file(APP, default_timeout=30)
    app.query_params["corpus"] = "other"
    app.query_params["q"] = "stocks fell"
    app.run()
    assert app.selectbox(key="corpus").value == "other"
    assert app.text_input(key="query_text").value == "stocks fell"
    assert column(app, "knn")[0] == "0"
    app.button(key="more knn 1").click().run()
    assert app.query_params["like"] == "1"
    assert "q" not in app.query_params
    link = AppTest.from_file(APP, default_timeout=30)
    link.query_params["corpus"], link.query_params["like"] = "other", "1"
    link.run()
    assert column(link, "knn") == column(app, "knn")
    lost = AppTest.from_file(APP, default_timeout=30)
    lost.query_params["corpus"] = "<b>gone</b>"
    lost.run()
    assert messages(lost, "warning") == ["There is no corpus '<b>gone</b>' here."]


def test_a_change_after_one_that_could_not_be_saved_saves_both(
    animals: Corpus, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    app = searched("the dog")
    with monkeypatch.context() as patch:
        patch.setattr(SessionStore, "record", full)
        app.button(key="positive anchored 5").click().run()
    app.button(key="negative anchored 3").click().run()
    assert messages(app, "warning") == []
    assert SessionStore(home / "sessions.sqlite").load(session_of(app)).feedback == Feedback(("5",), ("3",))


def test_c_is_the_users_choice(animals: Corpus) -> None:
    def best() -> float:
        head = app.get_by_key("column-anchored").get("html")[0].body
        return float(re.search(r'class="ex-score" dir="auto">.*?</span></span>(.*?)<', head)[1])

    app = searched(ANIMALS[4])
    slider = app.select_slider(key="C")
    assert slider.options == ["auto", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1.0", "2.0", "5.0", "10.0"]
    assert slider.value == "auto"
    usual = best()
    slider.set_value(10.0).run()
    assert best() > usual
    app.select_slider(key="C").set_value(0.01).run()
    assert best() == usual, "0.01 is what suits the anchored SVM before any mark"


def test_a_mark_ranks_the_svm_anew_and_leaves_knn(animals: Corpus, home: Path) -> None:
    app = searched("the dog")
    knn, svm = column(app, "knn"), column(app, "anchored")
    app.button(key="positive anchored 5").click().run()
    assert column(app, "knn") == knn
    assert column(app, "anchored") != svm
    assert column(app, "anchored").index("6") < svm.index("6")
    app.button(key="negative knn 3").click().run()
    assert column(app, "knn") == knn
    assert column(app, "anchored").index("3") > svm.index("3")
    saved = SessionStore(home / "sessions.sqlite").load(session_of(app))
    assert saved.feedback == Feedback(("5",), ("3",))


def test_marks_are_shown_in_both_columns_and_taken_back_by_either(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive knn 4").click().run()
    for ranker in ("knn", "anchored"):
        assert app.button(key=f"positive {ranker} 4").icon == ":material/check:"
        assert app.button(key=f"negative {ranker} 4").icon == ":material/thumb_down:"
    svm = column(app, "anchored")
    app.button(key="negative anchored 4").click().run()
    assert app.button(key="positive knn 4").icon == ":material/thumb_up:"
    assert column(app, "anchored") != svm
    app.button(key="negative knn 4").click().run()
    assert listed_marks(app) == []


def test_marks_are_listed_and_removed_one_by_one_or_all(animals: Corpus) -> None:
    app = searched("the dog")
    unmarked = column(app, "anchored")
    for doc_id in ("7", "5", "6"):
        app.button(key=f"positive anchored {doc_id}").click().run()
    listed = [part.body for part in app.sidebar.get("html")]
    assert [ANIMALS[int(doc_id)] in body for doc_id, body in zip("756", listed, strict=True)] == [True] * 3
    app.button(key="remove 5").click().run()
    assert listed_marks(app) == ["remove 7", "remove 6"]
    press(app, "Clear all marks")
    assert column(app, "anchored") == unmarked


def test_marks_stay_when_the_query_changes(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    app.text_input(key="query_text").input("rain")
    press(app, "Search")
    assert column(app, "knn")[0] in "89"
    assert app.button(key="remove 5")


def test_a_document_becomes_the_query(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="more knn 5").click().run()
    assert app.text_input(key="query_text").value == ""
    assert set(column(app, "knn")[:2]) == {"6", "7"}
    assert "5" not in column(app, "knn") + column(app, "anchored")
    assert "More like  5" in page_text(app)


def test_an_empty_query_says_what_to_do_and_keeps_the_results(animals: Corpus) -> None:
    app = searched("  ")
    assert messages(app, "warning") == ["Type what you are looking for, then press Enter."]
    app = searched("the dog")
    app.text_input(key="query_text").input("")
    press(app, "Search")
    assert messages(app, "warning") == ["Type what you are looking for, then press Enter."]
    assert len(column(app, "knn")) == 10


def test_a_reload_brings_query_and_marks_back(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    app.button(key="negative anchored 0").click().run()
    again = opened(session_of(app))
    assert again.text_input(key="query_text").value == "the dog"
    assert column(again, "anchored") == column(app, "anchored")
    assert listed_marks(again) == ["remove 5", "remove 0"]


def test_each_tab_has_a_session_of_its_own(animals: Corpus) -> None:
    first, second = searched("the dog"), searched("the dog")
    first.button(key="positive anchored 5").click().run()
    second.run()
    assert session_of(first) != session_of(second)
    assert listed_marks(second) == []


@pytest.mark.parametrize("reload", [False, True])
def test_each_corpus_keeps_its_own_query_and_marks(animals: Corpus, encoder: FakeEncoder, reload: bool) -> None:
    build_corpus(source_of(ANIMALS[5:], name="other"), encoder)
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    before = column(app, "anchored")
    app.selectbox(key="corpus").select("other").run()
    if reload:
        app = opened(session_of(app))
    assert app.selectbox(key="corpus").value == "other"
    assert app.text_input(key="query_text").value == ""
    assert listed_marks(app) == []
    app.selectbox(key="corpus").select("animals").run()
    assert column(app, "anchored") == before
    assert app.text_input(key="query_text").value == "the dog"
    assert listed_marks(app) == ["remove 5"]


def test_the_address_decides_which_session_is_open(animals: Corpus) -> None:
    first, second = searched("the dog"), searched("rain")
    first.query_params.update({"session": session_of(second), "q": "rain"})
    first.run()
    assert first.text_input(key="query_text").value == "rain"
    assert column(first, "knn") == column(second, "knn")


def test_an_unknown_session_in_the_address_is_a_new_one(animals: Corpus) -> None:
    for name in ("never", "<script>", "../../etc", "x" * 10_000):
        app = opened(name)
        assert session_of(app) != name
        assert not app.exception


def test_more_results_on_demand(encoder: FakeEncoder) -> None:
    build_corpus(source_of([f"dog number {n}" for n in range(60)], name="dogs"), encoder)
    app = searched("dog")
    assert len(column(app, "anchored")) == 10
    app.get_by_key("k").set_value(25).run()
    assert len(column(app, "knn")) == len(column(app, "anchored")) == 25
    assert page_of(app) == 1


def test_a_lone_document_as_query_leaves_nothing_to_show(encoder: FakeEncoder) -> None:
    build_corpus(source_of(["only one"], name="one"), encoder)
    app = searched("one")
    app.button(key="more anchored 0").click().run()
    assert "There is no other document in this corpus." in [caption.value for caption in app.caption]


def test_a_corpus_that_is_gone_is_told(animals: Corpus, encoder: FakeEncoder) -> None:
    build_corpus(source_of(ANIMALS, name="other"), encoder)
    app = searched("the dog")
    remove_corpus("animals")
    app.run()
    assert messages(app, "error") == ["There is no corpus named 'animals' (there are: other)"]
    app.selectbox(key="corpus").select("other").run()
    assert messages(app, "error") == []


def test_a_rebuilt_corpus_is_opened_anew_and_keeps_the_marks_that_still_stand(
    animals: Corpus, encoder: FakeEncoder
) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 9").click().run()
    app.button(key="positive anchored 1").click().run()
    build_corpus(source_of(ANIMALS[:5]), encoder)
    app.run()
    assert sorted(column(app, "anchored")) == list("01234")
    assert "no longer in this corpus" in page_text(app)
    assert messages(app, "error") == []


def test_a_model_that_cannot_be_loaded_is_told(animals: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(model: str, **_: object) -> None:
        raise ExemplarError("cannot load the model fake: it is *not* there")

    monkeypatch.setattr("exemplar.ui.resources.load_encoder", fail)
    app = searched("the dog")
    assert messages(app, "error") == ["Cannot load the model fake: it is *not* there"]
    assert not app.exception


def test_a_mark_that_cannot_be_saved_is_made_and_told(animals: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    app = searched("the dog")

    def full(*arguments: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(SessionStore, "record", full)
    app.button(key="positive anchored 5").click().run()
    [warning] = messages(app, "warning")
    assert warning.endswith("could not be saved: database or disk is full. It lasts as long as this page.")
    assert app.button(key="positive anchored 5").icon == ":material/check:"


def test_with_a_session_file_of_a_newer_version_the_page_works_and_says_that_nothing_is_saved(
    animals: Corpus, home: Path
) -> None:
    path = home / "sessions.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
    before = path.read_bytes()
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    [warning] = messages(app, "warning")
    refused = f"This change is on the page but could not be saved: a newer Exemplar wrote {path}: "
    assert warning.startswith(refused)
    assert app.button(key="positive anchored 5").icon == ":material/check:"
    assert path.read_bytes() == before


def test_a_damaged_session_file_is_told_and_kept_beside(animals: Corpus, home: Path) -> None:
    damaged = b"this is no database at all, but it may hold something" * 100
    home.joinpath("sessions.sqlite").write_bytes(damaged)
    app = opened("some-session")
    [warning] = messages(app, "warning")
    kept = home / "sessions.sqlite.damaged"
    assert warning.startswith(f"The file of sessions was damaged. It is kept as {kept}; 0 of its events could be read")
    assert kept.read_bytes() == damaged
    app.text_input(key="query_text").input("the dog")
    press(app, "Search")
    app.button(key="positive anchored 5").click().run()
    assert messages(app, "warning") == []
    assert SessionStore(home / "sessions.sqlite").load(session_of(app)).feedback == Feedback(("5",))


@pytest.mark.parametrize("damage", ["all", "the last event"])
def test_what_a_damaged_file_has_lost_it_gets_from_the_page(animals: Corpus, home: Path, damage: str) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    app.button(key="negative anchored 3").click().run()
    old = home / "sessions.sqlite"
    if damage == "all":
        old.write_bytes(b"no database" * 1000)
    else:
        with sqlite3.connect(old) as connection:
            connection.execute("DELETE FROM events WHERE id = (SELECT max(id) FROM events)")
    app.button(key="positive anchored 4").click().run()
    log = SessionStore(old).load(session_of(app))
    assert log.feedback == Feedback(("5", "4"), ("3",))
    assert log.query == "the dog"
    assert listed_marks(app) == ["remove 5", "remove 4", "remove 3"]
    [warning] = messages(app, "warning") if damage == "all" else [""]
    assert ("was damaged" in warning) == (damage == "all")


HOSTILE = [
    "<script>document.title = 'owned'</script><img src=x onerror=alert(1)> <b>bold</b>",
    "**bold** [link](http://example.com) $x^2$ :smile: :red[red] `code` # heading",
    "</div></div><style>body{display:none}</style>",
    "\N{RIGHT-TO-LEFT OVERRIDE}مرحبا \N{CAT FACE} \x1b[31m",
]


def test_documents_labels_and_ids_are_text_and_nothing_else(encoder: FakeEncoder) -> None:
    documents = [Document(f"id {text}", text, f"label {text}") for text in HOSTILE]
    build_corpus(Source("hostile", SourceSpec("hostile"), lambda: iter(documents)), encoder)
    app = searched("<script>")
    for document in documents:
        app.button(key=f"positive anchored {document.doc_id}").click().run()
    shown = "".join(part.body for part in app.get("html") if "ex-key" not in part.body)
    app.button(key=f"more anchored {documents[0].doc_id}").click().run()
    shown += "".join(part.body for part in app.get("html") if "ex-key" not in part.body)
    shown = re.sub(r"<style>.*?</style>", "", shown, flags=re.DOTALL)
    assert set(re.findall(r"</?([a-zA-Z]+)", shown)) <= {"div", "span", "mark"}
    for text in HOSTILE:
        assert html.escape(f"id {text}") in shown
        assert html.escape(f"label {text}") in shown
    assert not [part for part in (*app.markdown, *app.caption) if "bold" in part.value or "script" in part.value]


def test_the_app_listens_on_localhost_and_reports_nothing() -> None:
    config = tomllib.loads((Path(APP).parent / ".streamlit" / "config.toml").read_text())
    assert config["server"]["address"] == "localhost"
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"


def fails(patch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    patch.setattr(SessionStore, "record", full)


def test_undo_after_a_save_that_failed_is_the_same_on_the_page_and_in_the_log(
    animals: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 3").click().run()
    with monkeypatch.context() as patch:
        fails(patch)
        app.button(key="positive anchored 4").click().run()
    app.button(key="positive anchored 5").click().run()
    app.button(key="undo").click().run()
    assert listed_marks(app) == listed_marks(opened(session_of(app))) == ["remove 3", "remove 4"]


def test_a_save_that_failed_takes_nothing_from_another_tab(animals: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    first = searched("the dog")
    second = opened(session_of(first))
    with monkeypatch.context() as patch:
        fails(patch)
        first.button(key="positive anchored 4").click().run()
    second.button(key="negative anchored 3").click().run()
    first.button(key="positive anchored 5").click().run()
    assert sorted(listed_marks(first)) == sorted(listed_marks(second.run())) == ["remove 3", "remove 4", "remove 5"]


def test_unsaved_marks_are_there_on_the_way_back_from_another_corpus(
    animals: Corpus, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_corpus(source_of(ANIMALS[5:], name="other"), encoder)
    app = searched("the dog")
    fails(monkeypatch)
    app.button(key="positive anchored 4").click().run()
    app.selectbox(key="corpus").select("other").run()
    assert listed_marks(app) == []
    app.selectbox(key="corpus").select("animals").run()
    assert listed_marks(app) == ["remove 4"]


def test_a_click_after_the_session_was_deleted_elsewhere_is_made_in_a_new_one(animals: Corpus, home: Path) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 3").click().run()
    old, store = session_of(app), SessionStore(home / "sessions.sqlite")
    store.delete(old)
    app.button(key="positive anchored 5").click().run()
    assert listed_marks(app) == ["remove 3", "remove 5"]
    assert app.text_input(key="query_text").value == "the dog"
    assert store.load(old) is None
    assert store.load(session_of(app)).feedback == Feedback(("3", "5"))


def test_a_click_that_carries_the_address_before_the_last_leads_nowhere_back(animals: Corpus) -> None:
    app = searched("the dog")
    before = dict(app.query_params)
    app.text_input(key="query_text").input("rain")
    press(app, "Search")
    app.query_params.update(before)
    app.button(key="positive anchored 5").click().run()
    assert app.text_input(key="query_text").value == "rain"
    assert app.query_params["q"] == "rain"


def test_a_new_query_of_another_tab_begins_at_the_first_page(encoder: FakeEncoder) -> None:
    build_corpus(source_of([f"dog number {n}" for n in range(60)], name="dogs"), encoder)
    app = searched("dog")
    other = opened(session_of(app))
    turn(app, 3)
    other.text_input(key="query_text").input("number")
    press(other, "Search")
    app.run()
    assert app.text_input(key="query_text").value == "number"
    assert page_of(app) == 1


def test_a_hidden_row_can_not_be_gone_to_and_says_why(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    app.toggle(key="hide_marked").set_value(True).run()
    app.button(key="jump 5").click().run()
    assert messages(app, "warning") == ["Marked rows are hidden: show them under Settings."]


def test_a_mark_leads_from_the_other_views_to_the_results(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    app.get_by_key("view").set_value("Why").run()
    app.button(key="jump 5").click().run()
    assert app.get_by_key("view").value == "Results"
    assert "5" in column(app, "anchored")
