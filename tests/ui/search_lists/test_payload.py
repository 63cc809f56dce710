"""What the lists of the search page draw; the model is a fake one."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.ui.search.lists import payload
from exemplar.ui.search.lists.messages import Act, ShownRow
from exemplar.ui.search.results import DEPTH
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.lists import DRAWN, Lists
from tests.support.pages import press
from tests.support.search_page import opened, opened_popover, search, searched, session_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


def dogs(encoder: FakeEncoder, n: int = 60) -> Corpus:
    return build_corpus(source_of([f"dog number {row}" for row in range(n)], name="dogs"), encoder)


def sent(app: AppTest) -> set[int]:
    """Return the rows whose texts were in the last drawing."""
    return set(app.session_state[DRAWN][-1]["rows"])


def test_a_row_has_what_the_browser_shows_of_it(encoder: FakeEncoder) -> None:
    documents = [
        Document("1", "Wild <b>bees</b> nest\n\nin parks.", ("biology", "*towns*"), {"year": "2019"}, title="Bees"),
        Document("2", "A flat & battery."),
    ]
    corpus = build_corpus(Source("bees", SourceSpec("bees"), lambda: iter(documents)), encoder)
    first, second = corpus.text_hashes([0, 1])
    lists = Lists(searched("bees"))
    assert lists.rows == {
        0: {
            "id": "1",
            "hash": first,
            "title": "Bees",
            "text": "Wild <b>bees</b> nest in parks.",
            "labels": ["biology", "*towns*"],
        },
        1: {"id": "2", "hash": second, "text": "A flat & battery."},
    }


def test_titles_texts_and_labels_are_cut(encoder: FakeEncoder) -> None:
    labels = tuple(f"{n:02} {'l' * 200}" for n in range(30))
    document = Document("i" * 500, "word " * 1000, labels, title="t" * 2000)
    build_corpus(Source("long", SourceSpec("long"), lambda: iter([document])), encoder)
    [row] = Lists(searched("word")).rows.values()
    assert row["id"] == "i" * 500, "the id itself, for acts"
    assert row["name"].startswith(f"{'i' * 200} … (500 characters, ")
    assert row["title"] == f"{'t' * 750} … {'t' * 250}"
    assert (len(row["text"]) <= 272, row["text"][-6:]) == (True, "word …")
    assert [label[:2] for label in row["labels"]] == [f"{n:02}" for n in range(20)]
    assert {len(label) for label in row["labels"]} == {83}


def test_texts_are_sent_once(encoder: FakeEncoder) -> None:
    dogs(encoder)
    app = searched("dog")
    lists = Lists(app)
    listed = {*lists.data["lists"][0]["rows"], *lists.data["lists"][1]["rows"]}
    assert sent(app) == listed
    lists.say()
    assert sent(app) == set()
    lists.say(shown=[50])
    grown = {*lists.data["lists"][0]["rows"], *lists.data["lists"][1]["rows"]}
    assert sent(app) == grown - listed


def test_texts_that_the_browser_lacks_are_sent_again(encoder: FakeEncoder) -> None:
    dogs(encoder)
    app = searched("dog")
    lists = Lists(app)
    lacked = lists.data["lists"][0]["rows"][:2]
    for row in lacked:
        del lists.rows[row]
    lists.say()
    assert sent(app) == set(lacked)
    assert len(lists.listed(0)) == 25
    lists.say(need=[10**9])
    assert sent(app) == set(), "it has no such row"


def test_another_corpus_sends_all_its_texts_and_the_first_one_again_on_the_way_back(
    animals: Corpus, encoder: FakeEncoder
) -> None:
    build_corpus(source_of(ANIMALS[5:], name="other"), encoder)
    app = searched("the dog")
    lists = Lists(app)
    before = lists.data["corpus"]
    app.selectbox(key="corpus").select("other").run()
    search(app, "rain")
    assert (lists.look().data["corpus"] != before, sent(app)) == (True, set(range(5)))
    app.selectbox(key="corpus").select("animals").run()
    assert (lists.look().data["corpus"] == before, sent(app)) == (True, set(range(10)))


def test_a_rebuilt_corpus_with_other_documents_sends_its_texts_anew(animals: Corpus, encoder: FakeEncoder) -> None:
    app = searched("the dog")
    lists = Lists(app)
    build_corpus(source_of([*ANIMALS[:3], "a dog of another text"]), encoder)
    lists.say()
    assert sent(app) == set(range(4))
    assert lists.rows[3]["text"] == "a dog of another text"


def test_drawings_are_numbered_and_answer_the_last_message(animals: Corpus) -> None:
    app = searched("the dog")
    lists = Lists(app)
    assert (lists.data["answered"], lists.data["tab"]) == (0, "")
    first = lists.data["drawing"]
    lists.say()
    assert (lists.data["drawing"], lists.data["answered"], lists.data["tab"]) == (first + 1, 1, lists.tab)
    again = Lists(opened(session_of(app)))
    assert again.data["started"] != lists.data["started"], "what is newer is not said by the number alone"
    assert (again.data["session"], again.data["place"]) == (lists.data["session"], lists.data["place"])


def test_the_place_is_of_session_corpus_query_filters_and_view_alone(animals: Corpus, encoder: FakeEncoder) -> None:
    build_corpus(source_of(ANIMALS, name="other"), encoder)
    app = searched("the dog")
    lists = Lists(app)
    places = [lists.data["place"]]

    def is_new() -> bool:
        places.append(lists.look().data["place"])
        return places[-1] not in places[:-1]

    lists.mark("5").note("5", "a note").fold(on=False).do("ranker", side=1, ranker="svm")
    opened_popover(app, "settings").toggle(key="comfortable").set_value(True).run()
    opened_popover(app, "settings").select_slider(key="C").set_value(1.0).run()
    assert not is_new()
    app.get_by_key("view").set_value("Mark next").run()
    assert is_new()
    app.get_by_key("view").set_value("Lists").run()
    opened_popover(app, "filters").text_input(key="filter_words").input("dog").run()
    assert is_new()
    search(app, "rain")
    press(app, "Add to this search")
    assert is_new()
    search(app, "rain and sun")
    press(app, "The same search")
    lists.look()
    assert is_new()
    lists.like("5")
    assert is_new()
    app.selectbox(key="corpus").select("other").run()
    search(app, "the dog")
    assert is_new()
    app.button(key="new_session").click().run()
    search(app, "the dog")
    assert is_new()


def test_another_place_begins_at_the_top_and_a_late_message_of_the_last_one_changes_nothing(
    encoder: FakeEncoder,
) -> None:
    dogs(encoder)
    app = searched("dog")
    lists = Lists(app).say(shown=[50])
    before = lists.data["place"]
    search(app, "number")
    assert len(lists.look().listed()) == 25
    lists.say(place=before, shown=[60])
    assert len(lists.listed()) == 25
    lists.say(shown=[60])
    assert len(lists.listed()) == 60


def test_marks_leave_the_list_as_long_as_it_was(encoder: FakeEncoder) -> None:
    dogs(encoder)
    lists = Lists(searched("dog")).say(shown=[50])
    lists.mark(lists.listed()[0])
    assert len(lists.listed()) == 50


def test_what_is_counted(animals: Corpus) -> None:
    lists = Lists(searched("the dog"))
    said = []
    for doc_id, verdict in (
        ("5", "negative"),
        ("3", "positive"),
        ("6", "unsure"),
        ("7", "negative"),
        ("4", "positive"),
        ("4", None),
    ):
        lists.mark(doc_id, verdict)
        said.append(tuple(lists.data["counts"].values()))
    assert list(lists.data["counts"]) == ["positive", "negative", "unsure", "ago"]
    assert said == [(0, 1, 0, None), (1, 1, 0, 0), (1, 1, 1, 1), (1, 2, 1, 2), (2, 2, 1, 0), (1, 2, 1, 2)]


def test_ranks_in_the_other_list_are_told_among_its_first_ones() -> None:
    def ranking(*texts: int) -> Any:
        return SimpleNamespace(texts=texts)

    here, there = ranking(3, 1, 4, 5), ranking(9, 2, 6, 5, 3, 4)
    assert payload.ranks_there(here, there, n=3, depth=5) == [5, 0, 0]
    assert payload.ranks_there(here, there, n=10, depth=6) == [5, 0, 6, 4]
    assert payload.ranks_there(here, None, n=3, depth=5) == []
    assert DEPTH == 100


@pytest.mark.parametrize(
    ("rank", "word"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (22, "22nd"),
     (101, "101st"), (111, "111th"), (1002, "1,002nd")],
)  # fmt: skip
def test_places_are_words(rank: int, word: str) -> None:
    assert payload.compared(rank, 3) == f"here {word}, there 3rd"
    assert payload.compared(3, rank) == f"here 3rd, there {word}"
    assert payload.compared(rank, 0) == f"here {word}, there after 100th"


@pytest.mark.parametrize(
    ("ago", "last"),
    [(None, ""), (0, " · the last mark was relevant"), (3, " · last relevant 3 ago")],
)
def test_counts_are_a_sentence(ago: int | None, last: str) -> None:
    counts = {"positive": 1600, "negative": 1, "unsure": 0, "ago": ago}
    assert payload.counted(counts) == f"+1,600 relevant  \N{MINUS SIGN}1 not relevant  ?0 unsure{last}"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (([1, 2, 3, 4], [3, 1, 2, 11]), ("3/4", "3 of the first 4 are the same")),
        ((range(20), range(5, 25)), ("5/10", "5 of the first 10 are the same")),
        (([1, 2], [1]), ("1/2", "1 of the first 2 are the same")),
        (([], []), ("", "")),
        (([1, 2],), ("", "")),
    ],
)
def test_two_lists_agree_on_some_of_their_first_rows(rows: Any, expected: tuple[str, str]) -> None:
    lists: Any = [SimpleNamespace(rows=each) for each in rows]
    assert payload.agreement(lists) == expected


def test_what_could_not_be_saved_is_a_sentence() -> None:
    def act(key: str, kind: Any = "mark", n_rows: int = 1) -> Act:
        return Act(key, "s", "docs", "c", kind, (ShownRow("1", "h"),) * n_rows)

    acts = [act("saved"), act("a"), act("b", n_rows=3), act("c", "note"), act("d", "undo", 0)]
    full = "This mark could not be saved: disk full."
    assert payload.alert(acts, {}) == ""
    assert payload.alert(acts, {"a": full}) == (
        "1 mark is not saved: This mark could not be saved: disk full. It is sent again."
    )
    assert payload.alert(acts, {"a": "disk full", "b": "?"}) == (
        "4 marks are not saved: disk full. They are sent again."
    )
    assert payload.alert(acts, {"d": "disk full"}) == "1 change is not saved: disk full. It is sent again."
    assert payload.alert(acts, dict.fromkeys("abcd", "disk full")) == (
        "6 changes are not saved: disk full. They are sent again."
    )


def test_sentences_and_figures_of_a_drawing(animals: Corpus) -> None:
    lists = Lists(searched("the dog"))
    assert (lists.data["n_marked"], lists.data["alert"], lists.data["left"]) == ("", "", {})
    assert re.fullmatch(r"\d+/10", lists.data["agreement"][0])
    assert lists.data["counted"].startswith("+0 relevant")
    lists.mark("5").mark("3", "negative")
    assert lists.data["counted"] == "+1 relevant  \N{MINUS SIGN}1 not relevant  ?0 unsure · last relevant 1 ago"
    assert lists.data["n_marked"] == "2 marked"
    for each in lists.data["lists"]:
        places = enumerate(each["there"], start=1)
        assert each["compared"] == [payload.compared(here, there) for here, there in places]


def test_marks_of_rows_that_left_are_told_for_a_list_that_is_held_back(animals: Corpus) -> None:
    lists = Lists(searched("the dog"))
    lists.fold(on=True).mark("5").mark("3", "negative")
    assert (lists.marks(), lists.data["left"]) == ({}, {5: "positive", 3: "negative"})
    lists.mark("5", None)
    assert (lists.data["marks"], lists.data["left"]) == ({}, {3: "negative"})
    lists.fold(on=False)
    assert (lists.data["marks"], lists.data["left"]) == ({3: "negative"}, {})


@pytest.mark.parametrize(
    ("ranker", "svm", "scores", "expected"),
    [
        ("knn", None, (0.876, 0.2, -0.3), [88, 20, 0]),
        ("anchored", object(), (1.4, 0.5, -1.0, -3.0), [100, 75, 0, 0]),
        ("words", None, (12.0, 6.0, 0.0), [100, 50, 0]),
        ("hybrid", None, (0.03, 0.015), [100, 50]),
        ("words", None, (0.0,), [0]),
        ("words", None, (), []),
    ],
)
def test_a_score_is_shown_from_0_to_100(ranker: str, svm: object, scores: Any, expected: list[int]) -> None:
    ranking: Any = SimpleNamespace(ranker=ranker, scores=scores, scorer=SimpleNamespace(svm=svm))
    assert [payload.share(score, ranking) for score in scores] == expected


def test_near_copies_are_looked_for_among_all_that_was_sent_of_a_place(encoder: FakeEncoder) -> None:
    texts = [f"dog number {n}" for n in range(40)]
    documents = [Document(str(n), text, title=f"title {n}") for n, text in enumerate(texts)]
    documents[39] = Document("39", "dog number 0 (c) 2019 Elsevier.", title="Title 0")
    build_corpus(Source("dogs", SourceSpec("dogs"), lambda: iter(documents)), encoder)
    lists = Lists(searched("dog number 0")).say(shown=[50])
    assert {doc_id for doc_id in map(str, range(40)) if "near" in lists.texts(doc_id)} in ({"39"}, {"0"})


def test_the_text_of_the_open_row_is_sent_while_the_browser_lacks_it_and_looks_at_the_same_lists(
    animals: Corpus, encoder: FakeEncoder
) -> None:
    build_corpus(source_of(ANIMALS[5:], name="other"), encoder)
    app = searched("the dog")
    lists = Lists(app).say(open=3)
    assert lists.data["opened"] is None
    lists.say(open=3, lacks=True)
    assert lists.data["opened"]["row"] == 3
    assert "".join(text for _, text in lists.data["opened"]["parts"]) == ANIMALS[3]
    assert lists.say(open=10**6, lacks=True).data["opened"] is None, "there is no such row"
    lists.say(open=3, lacks=True)
    app.selectbox(key="corpus").select("other").run()
    search(app, "rain")
    assert lists.look().data["opened"] is None, "another document stands in that row"
