"""What the lists of the search page tell of the last acts; the model is a fake one."""

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.feedback import Mark
from exemplar.ui.search.lists.messages import Act, ShownRow
from exemplar.ui.search.lists.news import News
from tests.support.fake_encoder import FakeEncoder
from tests.support.lists import Lists
from tests.support.search_page import opened, searched, session_of

TITLES = {"1": "one", "2": "two."}
CORPUS: Any = SimpleNamespace(
    rows_of=lambda doc_ids: {doc_id: int(doc_id) for doc_id in doc_ids if doc_id in TITLES},
    document=lambda row: SimpleNamespace(title=TITLES[str(row)]),
)
LEFT, RIGHT = ("knn", "By similarity"), ("anchored", "Learned from your marks")


def act(kind: Any, *doc_ids: str, key: str = "a", verdict: Mark | None = "positive", on: bool = False) -> Act:
    return Act(key, "s", "docs", "c", kind, tuple(ShownRow(each, "h") for each in doc_ids), verdict, on=on)


def told(news: News, acts: Sequence[Act], right: str, left: str = "12345") -> str:
    """Draw lists of documents with ids of one letter, after a message; return the sentence."""
    news.take(acts, [each.key for each in acts], {LEFT: list(left), RIGHT: list(right)}, CORPUS)
    return news.sentence


@pytest.fixture
def news() -> News:
    news = News()
    assert told(news, [], "12345") == ""
    return news


def test_a_mark_says_how_many_rows_it_moved_and_which_are_new(news: News) -> None:
    assert told(news, [act("mark", "1")], "19324") == "Marked one as relevant: 2 rows moved, 1 new."
    assert (news.fresh(*LEFT), news.fresh(*RIGHT)) == (set(), {"9"})
    again = act("mark", "2", key="b", verdict="negative")
    assert told(news, [again], "19324") == "Marked two as not relevant: the list stays as it is."
    assert news.fresh(*RIGHT) == set()


@pytest.mark.parametrize(
    ("done", "sentence"),
    [
        (act("mark", "1", verdict=None), "Took back the mark of one: 2 rows moved, 0 new."),
        (act("mark", "1", "2", "3", verdict="unsure"), "Marked 3 documents as unsure: 2 rows moved, 0 new."),
        (act("mark", "gone"), "Marked gone as relevant: 2 rows moved, 0 new."),
        (act("undo"), "Undid the last step: 2 rows moved, 0 new."),
        (act("redo"), "Redid the step: 2 rows moved, 0 new."),
        (act("note", "2"), "Saved the note on two."),
        (act("fold", on=True), "Marked rows are hidden."),
        (act("fold", on=False), "Marked rows are shown."),
        (act("ranker"), ""),
        (act("like", "1"), ""),
    ],
)
def test_every_act_has_its_sentence(news: News, done: Act, sentence: str) -> None:
    assert told(news, [done], "21345") == sentence


def test_rows_that_fill_up_for_marked_ones_that_left_are_not_new(news: News) -> None:
    both = [act("mark", "1"), act("mark", "2", key="b")]
    assert told(news, both, "34567") == "Marked two as relevant: the list stays as it is."
    assert news.fresh(*RIGHT) == set()
    assert told(news, [act("mark", "3", key="c")], "84567") == "Marked 3 as relevant: 0 rows moved, 1 new."
    assert news.fresh(*RIGHT) == {"8"}


def test_rows_that_scrolling_adds_are_not_new(news: News) -> None:
    told(news, [act("mark", "1")], "19324")
    told(news, [], "1932456789")
    assert news.fresh(*RIGHT) == {"9"}


def test_an_act_is_told_of_once_though_it_is_said_and_drawn_again(news: News) -> None:
    first, second = act("mark", "1"), act("mark", "2", key="b")
    sentence = told(news, [first], "19324")
    assert told(news, [first], "19324") == sentence, "the drawing was dropped"
    assert told(news, [], "19324") == sentence, "another act of the page drew it"
    assert news.fresh(*RIGHT) == {"9"}
    assert told(news, [first, second], "19327") == "Marked two as relevant: 0 rows moved, 1 new."
    assert news.fresh(*RIGHT) == {"7"}, "the first one is known already"


def test_only_what_is_saved_is_told_of(news: News) -> None:
    news.take([act("mark", "1")], [], {RIGHT: list("92345")}, CORPUS)
    assert (news.sentence, news.fresh(*RIGHT)) == ("", set())


def test_what_is_new_in_other_lists_no_mark_has_brought(news: News) -> None:
    told(news, [act("mark", "1")], "19324")
    told(news, [act("fold", key="b")], "78324")
    assert news.fresh(*RIGHT) == set()
    told(news, [act("mark", "2", key="c")], "78325")
    assert news.fresh(*RIGHT) == {"5"}
    assert news.fresh("svm", RIGHT[1]) == set(), "another ranker"


def test_other_documents_begin_without_news(news: News) -> None:
    sentence = told(news, [act("mark", "1")], "19324")
    news.forget_lists()
    assert (news.sentence, told(news, [act("mark", "1")], "67")) == ("", ""), "told of before"
    assert news.fresh(*RIGHT) == set()
    assert told(news, [act("mark", "2", key="b")], "67") != sentence


# ---- on the page ----


def dogs(encoder: FakeEncoder) -> Corpus:
    documents = [Document(str(n), f"dog number {n} " + "and more " * 100, title=f"title {n}") for n in range(200)]
    return build_corpus(Source("dogs", SourceSpec("dogs"), lambda: iter(documents)), encoder)


@pytest.mark.slow
@pytest.mark.usefixtures("fake_model")
def test_the_page_tells_what_a_mark_did(encoder: FakeEncoder) -> None:
    dogs(encoder)
    app = searched("dog")
    lists = Lists(app)
    assert lists.data["news"] == ""
    before = lists.data["lists"][1]["rows"]
    marked = lists.listed()[0]
    lists.mark(marked, "negative")
    fresh = lists.data["lists"][1]["fresh"]
    assert fresh == [row for row in lists.data["lists"][1]["rows"][:24] if row not in before]
    assert lists.data["lists"][0]["fresh"] == []
    assert lists.data["news"].startswith(f"Marked title {marked} as not relevant: ")
    assert f"{len(fresh)} new." in lists.data["news"] or not fresh
    news = lists.data["news"]
    lists.say()
    assert (lists.data["news"], lists.data["lists"][1]["fresh"]) == (news, fresh)
    lists.like(marked)
    assert lists.data["news"] == "", "other documents are listed"


@pytest.mark.slow
@pytest.mark.usefixtures("fake_model")
def test_a_tab_tells_of_its_own_acts_and_not_of_another_tab(encoder: FakeEncoder) -> None:
    dogs(encoder)
    app = searched("dog")
    here, there = Lists(app), Lists(opened(session_of(app)))
    there.mark(there.listed()[0])
    assert here.say().data["news"] == ""
    here.mark(here.listed()[0])
    assert (here.data["news"] != "", there.data["counts"]["positive"], here.data["counts"]["positive"]) == (True, 1, 2)


@pytest.mark.slow
@pytest.mark.usefixtures("fake_model")
def test_a_mark_sends_little(encoder: FakeEncoder) -> None:
    dogs(encoder)
    lists = Lists(searched("dog"))
    for doc_id in lists.listed()[:5]:
        lists.mark(doc_id)
        assert len(json.dumps({**lists.data, "rows": {}})) < 8_000, "without texts, which travel once"
