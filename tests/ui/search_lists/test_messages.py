from hypothesis import given
from hypothesis import strategies as st

from exemplar.ui.search.lists.messages import LONGEST_NOTE, MOST_ACTS, Act, Message, ShownRow, message_from

_ROW = {"id": "a", "hash": "0f", "list": "knn", "rank": 3}
_ABOUT = {"key": "tab-1", "session": "s", "corpus": "docs", "corpus_id": "c"}


def act(**about: object) -> dict:
    return {**_ABOUT, **about}


def acts_of(*acts: object) -> tuple[Act, ...]:
    return message_from({"acts": list(acts)}).acts


def test_a_message_has_what_the_browser_shows_and_all_that_is_not_confirmed():
    said = {
        "message": 7,
        "tab": "abc",
        "place": "p",
        "open": 3,
        "lacks": True,
        "shown": [25, 50],
        "need": [4, 5],
        "acts": [act(act="mark", verdict="negative", rows=[_ROW])],
    }
    row = ShownRow("a", "0f", "knn", 3)
    mark = Act("tab-1", "s", "docs", "c", "mark", (row,), "negative")
    assert message_from(said) == Message(7, "abc", "p", 3, True, 50, frozenset({4, 5}), (mark,))


def test_every_kind_of_act_is_read():
    read = acts_of(
        act(act="mark", verdict=None, rows=[_ROW, {**_ROW, "id": "b"}]),
        act(act="note", id="a", hash="0f", text="see table 2"),
        act(act="like", id="a", hash="0f"),
        act(act="undo"),
        act(act="redo"),
        act(act="fold", on=True),
        act(act="ranker", side=1, ranker="svm"),
    )
    assert [(each.kind, len(each.rows), each.verdict, each.note, each.on, each.side, each.ranker) for each in read] == [
        ("mark", 2, None, "", False, 0, "knn"),
        ("note", 1, None, "see table 2", False, 0, "knn"),
        ("like", 1, None, "", False, 0, "knn"),
        ("undo", 0, None, "", False, 0, "knn"),
        ("redo", 0, None, "", False, 0, "knn"),
        ("fold", 0, None, "", True, 0, "knn"),
        ("ranker", 0, None, "", False, 1, "svm"),
    ]


def test_an_act_that_is_not_known_is_named_so_that_it_is_not_sent_for_ever():
    said = [
        act(act="mark", verdict="maybe", rows=[_ROW]),
        act(act="mark", verdict="positive", rows=[]),
        act(act="mark", verdict="positive", rows=[{"hash": "0f"}]),
        act(act="ranker", side=2, ranker="svm"),
        act(act="ranker", side=0, ranker="oracle"),
        act(act="explode"),
        act(act="undo", session=""),
    ]
    read = message_from({"acts": [*said, act(act="undo", key="tab-2"), "nonsense", {"act": "undo"}]})
    assert [each.key for each in read.acts] == ["tab-2"]
    assert read.unreadable == ("tab-1",) * len(said)


def test_long_and_many_things_are_cut():
    note = act(act="note", id="a", hash="0f", text="x" * (LONGEST_NOTE + 1))
    assert len(acts_of(note)[0].note) == LONGEST_NOTE
    reasons = [act(act="note", id="a", hash="0f", **said) for said in ({}, {"reason": 3}, {"reason": "x" * 300})]
    assert [acts_of(each)[0].reason for each in reasons] == [None, "", "x" * 200]
    assert len(acts_of(*[act(act="undo")] * (MOST_ACTS + 1))) == MOST_ACTS
    assert message_from({"shown": 1e15}).shown == 1_000_000
    assert message_from({"acts": [act(act="note", id="a", hash="0f", text="cut \ud800")]}).acts[0].note == "cut ?"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
_KEYS = st.sampled_from(["message", "tab", "place", "open", "lacks", "shown", "need", "acts"])
_ACT_KEYS = st.sampled_from([*_ABOUT, *_ROW, "act", "rows", "verdict", "text", "on", "side", "ranker"])
_ACTS = st.lists(st.dictionaries(_ACT_KEYS, _VALUES | st.sampled_from(["mark", "note", "like", "ranker", "undo"])))


@given(_VALUES | st.dictionaries(_KEYS, _VALUES | _ACTS))
def test_whatever_a_browser_says_it_is_read_without_an_error(said: object):
    read = message_from(said)
    assert read.number >= 0
    assert read.opened is None or read.opened >= 0
    assert all(each.key and each.session_id for each in read.acts)
