"""Settings, filters and pages of results on the search page, without a browser; the model is a fake one."""

import re

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.pages import captions, messages, press
from tests.support.search_page import (
    column,
    listed_marks,
    opened,
    opened_popover,
    page_of,
    part,
    quiet_line,
    searched,
    session_of,
    turn,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


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


def test_a_column_by_words_ends_where_no_document_has_one(animals: Corpus) -> None:
    app = searched("rain tomorrow")
    app.selectbox(key="ranker-0").select("words").run()
    assert column(app, "words") == ["8", "9"]
    assert len(column(app, "anchored")) == 10
    assert "words: tomorrow · rain" in re.sub(r"<.*?>", "", part(app, "column-words"))
    app = searched("aardvark")
    app.selectbox(key="ranker-0").select("words").run()
    assert (column(app, "words"), len(column(app, "anchored"))) == ([], 10)
    assert "No document here has a word of the query." in captions(app)
    assert not app.exception


def test_rows_name_the_words_that_carried_them(encoder: FakeEncoder) -> None:
    build_corpus(source_of(["<b>Rain</b> *falls*", "the sun", "snow"], name="hostile"), encoder)
    app = searched("rain falls")
    assert '<span class="ex-word" dir="auto">Rain</span>' in part(app, "column-anchored")
    assert "words:" not in part(app, "column-knn")


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


def test_a_control_without_a_value_changes_nothing(animals: Corpus) -> None:
    app = searched("the dog")
    app.get_by_key("columns").set_value(1).run()
    for key, value in (("k", 10), ("columns", 1)):
        app.get_by_key(key).set_value(None).run()
        assert not app.exception
        assert app.get_by_key(key).value == value
    assert column(app, "knn") == []


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
    assert "Every document is marked, and marked rows are hidden." in captions(app)


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
    assert "No document passes the filters." in captions(app)
    app.button(key="clear").click().run()
    assert len(column(app, "knn")) == 10


def test_other_columns_can_be_filtered_by(encoder: FakeEncoder) -> None:
    rows = [Document(str(n), f"dog {n}", (), {"*ye](x)ar*": str(2000 + n % 3), "id": str(n)}) for n in range(9)]
    build_corpus(Source("years", SourceSpec("years"), lambda: iter(rows)), encoder)
    app = opened_popover(searched("dog"), "filters")
    [picker] = app.multiselect
    assert picker.label == "ye x ar"
    assert picker.options == ["2000", "2001", "2002"]
    picker.set_value(["2001"]).run()
    assert sorted(column(app, "knn")) == ["1", "4", "7"]
    assert "*ye](x)ar* 2001" in quiet_line(app)


def test_three_thousand_labels_can_be_picked_from(encoder: FakeEncoder) -> None:
    rows = [Document(str(n), f"dog {n}", (f"label {n}",)) for n in range(3000)]
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
    assert re.findall(r'ex-rank" dir="auto">(\d+)', part(app, "column-anchored")) == [
        str(rank) for rank in range(51, 61)
    ]
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


def test_c_is_the_users_choice(animals: Corpus) -> None:
    def best() -> float:
        head = app.get_by_key("column-anchored").get("html")[0].body
        return float(re.search(r'class="ex-score" dir="auto">.*?</span></span>(.*?)<', head)[1])

    app = searched(ANIMALS[4])
    slider = app.select_slider(key="C")
    assert slider.options == ["auto", "0.003", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1.0", "2.0", "5.0", "10.0"]
    assert slider.value == "auto"
    usual = best()
    slider.set_value(10.0).run()
    assert best() > usual
    app.select_slider(key="C").set_value(0.003).run()
    assert best() == usual, "0.003 is what suits the anchored SVM before any mark"


def test_more_results_on_demand(encoder: FakeEncoder) -> None:
    build_corpus(source_of([f"dog number {n}" for n in range(60)], name="dogs"), encoder)
    app = searched("dog")
    assert len(column(app, "anchored")) == 10
    app.get_by_key("k").set_value(25).run()
    assert len(column(app, "knn")) == len(column(app, "anchored")) == 25
    assert page_of(app) == 1


def test_a_hidden_row_can_not_be_gone_to_and_says_why(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    app.toggle(key="hide_marked").set_value(True).run()
    app.button(key="jump 5").click().run()
    assert messages(app, "warning") == ["Marked rows are hidden: show them under Settings."]
