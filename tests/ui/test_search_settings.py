"""Settings, filters and the length of the lists on the search page, without a browser; the model is a fake one."""

from typing import Any

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.arrivals import seconds_of
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.ui.local_time import local_time
from tests.support.corpora import ANIMALS, LABELS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.lists import Lists
from tests.support.pages import labelled, messages, press
from tests.support.search_page import (
    column,
    listed_marks,
    opened,
    opened_popover,
    search,
    searched,
    session_of,
    status,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


def rankers(lists: Lists) -> list[str]:
    return [each["ranker"] for each in lists.data["lists"]]


def choose(lists: Lists, side: int, ranker: str) -> Lists:
    """Choose the ranker of a list."""
    return lists.do("ranker", side=side, ranker=ranker)


def test_the_right_list_can_be_the_notebooks_svm(animals: Corpus) -> None:
    app = searched("the dog")
    lists = Lists(app)
    offered = ["knn", "words", "hybrid", "svm", "anchored-vectors", "anchored"]
    assert [ranker for ranker, _ in lists.data["lists"][1]["choices"]] == offered
    choose(lists, 1, "svm")
    assert rankers(lists) == ["knn", "svm"]
    assert sorted(lists.by("knn")) == sorted(lists.by("svm")) == list("0123456789")
    lists.mark("5")
    assert listed_marks(app) == ["remove 5"]
    choose(lists.look(), 0, "words")
    press(opened_popover(app, "settings"), "kNN against the notebook's SVM")
    assert rankers(lists.look()) == ["knn", "svm"]


def test_rankers_that_are_both_chosen_change_places(animals: Corpus) -> None:
    lists = Lists(searched("the dog"))
    assert rankers(lists) == ["knn", "anchored"]
    assert rankers(choose(lists, 0, "anchored")) == ["anchored", "knn"]
    assert rankers(choose(lists, 1, "svm")) == ["anchored", "svm"]
    assert len(lists.listed(0)) == len(lists.listed(1)) == 10


def test_a_list_by_words_ends_where_no_document_has_one(animals: Corpus) -> None:
    lists = choose(Lists(searched("rain tomorrow")), 0, "words")
    assert lists.by("words") == ["8", "9"]
    assert len(lists.by("anchored")) == 10
    lists = choose(Lists(searched("aardvark")), 0, "words")
    assert (lists.by("words"), len(lists.by("anchored"))) == ([], 10)
    assert lists.data["lists"][0]["empty"] == "No document here has a word of the query."
    assert lists.data["lists"][1]["empty"] == ""


def test_a_list_by_words_whose_every_row_is_folded_says_that_there_is_no_other(animals: Corpus) -> None:
    lists = choose(Lists(searched("rain tomorrow")), 0, "words").mark("8").mark("9")
    assert lists.by("words") == []
    assert lists.data["lists"][0]["empty"] == "No other document here has a word of the query."


def test_one_list_is_enough_for_a_small_screen(animals: Corpus) -> None:
    app = searched("the dog")
    opened_popover(app, "settings").get_by_key("columns").set_value(1).run()
    lists = Lists(app)
    assert rankers(lists) == ["anchored"]
    assert len(lists.listed()) == 10
    assert lists.data["lists"][0]["there"] == []
    opened_popover(app, "settings").get_by_key("columns").set_value(2).run()
    assert len(column(app, "knn")) == len(column(app, "anchored")) == 10


def test_the_settings_are_the_sessions(animals: Corpus) -> None:
    app = searched("the dog")
    choose(Lists(app), 1, "svm").fold(on=False)
    opened_popover(app, "settings").select_slider(key="C").set_value(0.5).run()
    opened_popover(app, "settings").toggle(key="comfortable").set_value(True).run()
    again = opened(session_of(app))
    lists = Lists(again)
    assert rankers(lists) == ["knn", "svm"]
    assert (lists.data["fold"], lists.data["height"]) == (False, "comfortable")
    assert opened_popover(again, "settings").select_slider(key="C").value == 0.5
    assert opened_popover(again, "settings").toggle(key="comfortable").value is True
    opened_popover(again, "settings").toggle(key="comfortable").set_value(False).run()
    assert lists.look().data["height"] == "dense"


def test_a_control_without_a_value_changes_nothing(animals: Corpus) -> None:
    app = searched("the dog")
    opened_popover(app, "settings").get_by_key("columns").set_value(1).run()
    opened_popover(app, "settings").get_by_key("columns").set_value(None).run()
    assert not app.exception
    assert opened_popover(app, "settings").get_by_key("columns").value == 1
    app.get_by_key("view").set_value(None).run()
    assert not app.exception
    assert column(app, "knn") == []


def test_a_corpus_that_is_new_to_a_session_begins_with_its_settings(animals: Corpus, encoder: FakeEncoder) -> None:
    build_corpus(source_of(ANIMALS[5:], name="other"), encoder)
    app = searched("the dog")
    opened_popover(app, "settings").get_by_key("columns").set_value(1).run()
    app.selectbox(key="corpus").select("other").run()
    search(app, "rain")
    for each in (app, opened(session_of(app))):
        assert opened_popover(each, "settings").get_by_key("columns").value == 1
        assert rankers(Lists(each)) == ["anchored"]


def test_marked_rows_are_folded_away_or_shown(animals: Corpus) -> None:
    app = searched("the dog")
    lists = Lists(app).mark("4")
    assert "4" not in lists.by("knn") + lists.by("anchored")
    assert (lists.data["fold"], lists.data["folded"], lists.marks()) == (True, 1, {})
    assert [each["total"] for each in lists.data["lists"]] == [9, 9]
    lists.fold(on=False)
    assert "4" in lists.by("knn")
    assert "4" in lists.by("anchored")
    assert (lists.data["fold"], lists.data["folded"], lists.marks()) == (False, 0, {"4": "positive"})
    lists.fold(on=True).mark_all("012356789", "negative")
    assert [(each["rows"], each["empty"]) for each in lists.data["lists"]] == [
        ([], "Every document is marked, and marked rows are folded away.")
    ] * 2
    assert lists.data["folded"] == 10


def test_filters_hold_for_both_lists_and_are_kept(animals: Corpus) -> None:
    app = opened_popover(searched("the dog"), "filters")
    app.multiselect(key="filter_labels").set_value(["market", "weather"]).run()
    assert sorted(column(app, "knn")) == sorted(column(app, "anchored")) == list("56789")
    assert status(app) == "5 of 10 documents · filters: label market or weather"
    opened_popover(app, "filters").text_input(key="filter_words").input("stocks").run()
    opened_popover(app, "filters").text_input(key="filter_without").input("bonds sharply").run()
    assert column(app, "knn") == column(app, "anchored") == ["6"]
    lists = Lists(app).mark("6")
    assert lists.data["folded"] == 1
    assert listed_marks(app) == ["remove 6"]
    again = opened(session_of(app))
    assert Lists(again).fold(on=False).by("anchored") == ["6"]
    press(opened_popover(again, "filters"), "Clear filters")
    assert len(column(again, "anchored")) == 10


def test_only_what_is_new_passes(animals: Corpus, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not [box for box in opened_popover(searched("the dog"), "filters").selectbox if box.label == "New since"]
    november = "2099-11-12T08:00:00+00:00"
    monkeypatch.setattr("exemplar.data.building.build.now", lambda: seconds_of(november))
    build_corpus(source_of([*ANIMALS, "the dog is new", "and so is the cat"], [*LABELS, "animal", "animal"]), encoder)
    app = opened_popover(searched("the dog"), "filters")
    box = labelled(app, "selectbox", "New since")
    assert box.options == ["Any time", f"{local_time(november)}: 2 rows"]
    box.select_index(1).run()
    assert column(app, "knn") == ["10", "11"]
    assert status(app) == f"2 of 12 documents · filters: new since {local_time(november)}"
    again = opened_popover(opened(session_of(app)), "filters")
    assert labelled(again, "selectbox", "New since").value == november
    press(again, "Clear filters")
    assert len(column(again, "anchored")) == 12


def test_a_reopened_form_begins_with_the_filters(animals: Corpus) -> None:
    """A browser that draws the form answers with the boxes' first values if something is clicked at once."""
    app = opened_popover(searched("the dog"), "filters")
    app.multiselect(key="filter_labels").set_value(["market"]).run()
    opened_popover(app, "filters").text_input(key="filter_words").input("stocks").run()
    again = opened_popover(opened(session_of(app)), "filters")
    assert [box.proto.default for box in again.text_input if box.key.startswith("filter_")] == ["stocks", ""]
    [picker] = again.multiselect
    assert [picker.options[number] for number in picker.proto.default] == ["market"]


def test_words_that_are_too_long_are_cut_and_the_form_shows_it(animals: Corpus) -> None:
    app = opened_popover(searched("the dog"), "filters")
    app.text_input(key="filter_words").input("dog " * 200).run()
    assert any("The first 500 characters were taken as words" in message for message in messages(app))
    assert [len(box.value) for box in opened_popover(app, "filters").text_input if "words" in str(box.key)] == [500]


def test_folded_rows_are_counted_where_they_pass_the_filters(animals: Corpus) -> None:
    app = searched("the dog")
    Lists(app).mark("4").mark("6")
    opened_popover(app, "filters").multiselect(key="filter_labels").set_value(["market"]).run()
    assert Lists(app).data["folded"] == 1


def test_filters_that_nothing_passes_say_so(animals: Corpus) -> None:
    app = opened_popover(searched("the dog"), "filters")
    app.text_input(key="filter_words").input("aardvark").run()
    assert [each["empty"] for each in Lists(app).data["lists"]] == ["No document passes the filters."] * 2
    press(opened_popover(app, "filters"), "Clear filters")
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
    assert status(app) == "3 of 9 documents · filters: *ye](x)ar* 2001"


def test_three_thousand_labels_can_be_picked_from(encoder: FakeEncoder) -> None:
    rows = [Document(str(n), f"dog {n}", (f"label {n}",)) for n in range(3000)]
    build_corpus(Source("many", SourceSpec("many"), lambda: iter(rows)), encoder)
    app = opened_popover(searched("dog"), "filters")
    assert len(app.multiselect(key="filter_labels").options) == 3000
    app.multiselect(key="filter_labels").set_value(["label 2999"]).run()
    assert column(app, "knn") == ["2999"]


def test_a_list_grows_as_it_is_read_and_goes_on_where_it_ended(encoder: FakeEncoder) -> None:
    build_corpus(source_of([f"dog number {n}" for n in range(60)], name="dogs"), encoder)
    app = searched("dog")
    lists = Lists(app)
    first = lists.by("anchored")
    assert (len(first), lists.data["lists"][1]["total"]) == (25, 60)
    lists.say(shown=[25, 50])
    assert len(lists.by("knn")) == len(lists.by("anchored")) == 50
    assert lists.by("anchored")[:25] == first
    lists.say(shown=[1000])
    assert sorted(lists.by("anchored"), key=int) == [str(n) for n in range(60)]
    last = lists.by("anchored")[-1]
    lists.mark(last, "negative")
    assert len(lists.by("anchored")) == 59
    assert listed_marks(app) == [f"remove {last}"]
    opened_popover(app, "filters").text_input(key="filter_words").input("7").run()
    assert lists.look().by("anchored") == ["7"]


def test_a_list_never_grows_by_more_than_ten_batches_at_once(encoder: FakeEncoder) -> None:
    build_corpus(source_of([f"dog {n}" for n in range(600)], name="dogs"), encoder)
    lists = Lists(searched("dog"))
    assert len(lists.say(shown=[1_000_000]).by("knn")) == 275
    assert len(lists.say(shown=[1_000_000]).by("knn")) == 525


def test_reopened_settings_begin_with_what_they_are(animals: Corpus) -> None:
    app = opened_popover(searched("the dog"), "settings")
    app.text_input(key="reader").input("Ann").run()
    opened_popover(app, "settings").text_area(key="reasons").input("Wrong animal").run()
    again = opened_popover(opened(session_of(app)), "settings")
    assert again.text_input(key="reader").proto.default == "Ann"
    assert again.text_area(key="reasons").proto.default == "Wrong animal"
    assert list(labelled(again, "button_group", "Lists").proto.default) == [0]


def test_c_is_the_users_choice(animals: Corpus) -> None:
    def best() -> Any:
        return Lists(app).data["lists"][1]["shares"][0]

    app = searched(ANIMALS[4])
    slider = opened_popover(app, "settings").select_slider(key="C")
    assert slider.options == ["auto", "0.003", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1.0", "2.0", "5.0", "10.0"]
    assert slider.value == "auto"
    usual = best()
    slider.set_value(10.0).run()
    assert best() > usual
    opened_popover(app, "settings").select_slider(key="C").set_value(0.003).run()
    assert best() == usual, "0.003 is what suits the anchored SVM before any mark"
