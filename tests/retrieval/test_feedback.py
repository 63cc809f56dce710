import pytest

from exemplar.retrieval.feedback import Feedback


def test_marks_keep_the_order_in_which_they_were_made() -> None:
    feedback = Feedback().marked("b", "positive").marked("a", "positive").marked("c", "negative")
    assert feedback == Feedback(positives=("b", "a"), negatives=("c",))
    assert len(feedback) == 3


def test_a_mark_can_be_changed_and_removed() -> None:
    feedback = Feedback(("a", "b"), ("c",))
    assert feedback.marked("a", "negative") == Feedback(("b",), ("c", "a"))
    assert feedback.marked("c", None) == Feedback(("a", "b"))
    assert feedback.marked("unmarked", None) == feedback


def test_marking_again_changes_nothing() -> None:
    feedback = Feedback(("a", "b"))
    assert feedback.marked("a", "positive") is feedback


def test_mark_of_tells_the_three_states() -> None:
    feedback = Feedback(("a",), ("b",))
    assert [feedback.mark_of(doc_id) for doc_id in "abc"] == ["positive", "negative", None]


def test_no_marks_are_false() -> None:
    assert not Feedback()


@pytest.mark.parametrize(("positives", "negatives"), [(("a", "a"), ()), (("a",), ("a",)), ((), ("a", "b", "a"))])
def test_a_document_cannot_be_marked_twice(positives: tuple[str, ...], negatives: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="'a' is marked more than once"):
        Feedback(positives, negatives)


def test_within_keeps_the_marks_of_known_documents() -> None:
    assert Feedback(("a", "b"), ("c", "d")).within({"b", "d"}) == Feedback(("b",), ("d",))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (Feedback(), Feedback(("a", "b"), ("c", "d"))),
        (Feedback(("e",), ("f",)), Feedback(("a", "b", "e"), ("c", "d", "f"))),
        (Feedback(("c",), ("a",)), Feedback(("b", "c"), ("d", "a"))),
        (Feedback(("a",), ("c",)), Feedback(("b", "a"), ("d", "c"))),
        (Feedback(("d", "c"), ("b", "a")), Feedback(("d", "c"), ("b", "a"))),
    ],
)
def test_of_joined_marks_the_others_count_and_come_last(other: Feedback, expected: Feedback) -> None:
    assert Feedback(("a", "b"), ("c", "d")).joined(other) == expected
    assert Feedback().joined(other) == other
