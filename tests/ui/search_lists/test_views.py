"""The views of the search page besides the two lists: one list to read to its end, what to mark next, and why."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from exemplar.data.corpus.corpus import Corpus
from tests.support.corpora import ANIMALS
from tests.support.lists import Lists
from tests.support.pages import messages
from tests.support.search_page import listed_marks, opened_popover, searched

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


def view(app: AppTest, name: str) -> Lists:
    app.get_by_key("view").set_value(name).run()
    assert not app.exception
    return Lists(app)


def test_the_screen_is_the_learned_list_alone_and_marked_rows_leave_it(animals: Corpus) -> None:
    app = searched("the dog")
    Lists(app).fold(on=False).mark("5")
    lists = view(app, "Screen")
    assert [(each["ranker"], each["there"]) for each in lists.data["lists"]] == [("anchored", [])]
    assert lists.data["view"] == "screen"
    assert sorted(lists.listed()) == list("012346789")
    first, second = lists.listed()[:2]
    lists.mark(first, "negative")
    assert sorted(lists.listed()) == sorted(set("012346789") - {first})
    assert lists.data["folded"] == 2
    assert second in lists.listed()
    lists.mark_all(lists.listed(), "unsure")
    assert lists.data["lists"][0]["empty"] == "Every document is marked, and marked rows are folded away."


def test_what_to_mark_next_is_where_the_rankings_disagree_and_where_the_learned_one_is_unsure(animals: Corpus) -> None:
    app = searched("the dog")
    Lists(app).mark("5")
    lists = view(app, "Mark next")
    assert [(each["title"], each["ranker"], each["choices"]) for each in lists.data["lists"]] == [
        ("The rankings disagree most", "next", []),
        ("The learned list is least sure", "next", []),
    ]
    assert len(lists.listed(0)) == 4
    assert "5" not in lists.listed(0) + lists.listed(1)
    assert [each["total"] for each in lists.data["lists"]] == [len(lists.listed(0)), len(lists.listed(1))]
    assert all(len(each["shares"]) == len(each["rows"]) for each in lists.data["lists"])
    lists.mark_all("012346789", "negative")
    assert [(each["rows"], each["empty"]) for each in lists.data["lists"]] == [([], "Nothing here.")] * 2


def test_why_is_a_plane_of_both_rankings_and_the_document_of_the_clicked_point(animals: Corpus) -> None:
    app = searched("the dog")
    Lists(app).mark("5")
    lists = view(app, "Why")
    [chart] = app.get("vega_lite_chart")
    points = [point for layer in json.loads(chart.proto.spec)["layer"] for point in layer["data"]["values"]]
    assert {"5": "relevant"}.items() <= {point["doc_id"]: point["kind"] for point in points if "kind" in point}.items()
    [empty] = lists.data["lists"]
    assert (empty["rows"], empty["empty"]) == ([], "The document of the point that you click stands here.")
    app.session_state["picked_point"] = "8"
    app.run()
    assert lists.look().listed() == ["8"]
    assert lists.texts("8")["text"] == ANIMALS[8]
    lists.mark("8", "negative")
    assert lists.look().marks() == {"8": "negative"}
    assert listed_marks(app) == ["remove 8", "remove 5"]


def test_a_clicked_point_of_a_document_that_is_gone_is_no_row(animals: Corpus) -> None:
    app = searched("the dog")
    app.session_state["picked_point"] = "nowhere"
    lists = view(app, "Why")
    assert lists.listed() == []
    assert messages(app) == []


@pytest.mark.parametrize("name", ["Screen", "Mark next", "Why"])
def test_a_view_with_a_single_ranker_is_drawn(animals: Corpus, name: str) -> None:
    app = searched("the dog")
    opened_popover(app, "settings").get_by_key("columns").set_value(1).run()
    Lists(app).do("ranker", side=0, ranker="knn")
    lists = view(app, name)
    assert messages(app) == []
    assert lists.data["lists"]
