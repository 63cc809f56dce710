import pytest

from exemplar.retrieval.feedback import Feedback


def test_mark_of_tells_the_four_states() -> None:
    feedback = Feedback(("a",), ("b",), ("c",), ("a text",))
    assert [feedback.mark_of(doc_id) for doc_id in "abcd"] == ["positive", "negative", "unsure", None]
    assert (len(feedback), feedback.marked) == (4, ("a", "b", "c"))


def test_no_marks_are_false() -> None:
    assert not Feedback()


@pytest.mark.parametrize(("positives", "negatives"), [(("a", "a"), ()), (("a",), ("a",)), ((), ("a", "b", "a"))])
def test_a_document_cannot_be_marked_twice(positives: tuple[str, ...], negatives: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="'a' is marked more than once"):
        Feedback(positives, negatives)


def test_within_keeps_the_marks_of_known_documents() -> None:
    feedback = Feedback(("a", "b"), ("c", "d"), ("e",), ("a text",))
    assert feedback.within({"b", "d"}) == Feedback(("b",), ("d",), (), ("a text",))
