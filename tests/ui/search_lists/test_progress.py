"""The words on the progress of a screening."""

import pytest

from exemplar.retrieval.feedback import Mark
from exemplar.retrieval.screening.left import how_much_is_left
from exemplar.retrieval.screening.record import Draw, Read, Record
from exemplar.ui.search.lists.messages import name_of_check, number_of_check
from exemplar.ui.search.lists.progress import Progress, progress_of


def progress(marks: str, n_records: int, draw: int = 0, judged: int = 0) -> Progress:
    """Return the progress after marks in ranked order, and a check of so many of which the first are irrelevant."""
    of: dict[str, Mark] = {"+": "positive", "-": "negative", "?": "unsure"}
    reads = [Read(f"r{n}", of[sign], {"list": "anchored", "rank": 1}) for n, sign in enumerate(marks)]
    doc_ids = tuple(f"d{n}" for n in range(draw))
    draws = (Draw(1, doc_ids, n_records - len(reads), frozenset(read.doc_id for read in reads)),) if draw else ()
    reads += [Read(doc_id, "negative", {"random": 1}) for doc_id in doc_ids[:judged]]
    return progress_of(how_much_is_left(Record(tuple(reads), draws, n_records)))


@pytest.mark.parametrize(
    ("marks", "counted"),
    [
        ("", "+0 relevant  −0 not relevant  ?0 unsure · read 0 of 2,000"),
        ("-", "+0 relevant  −1 not relevant  ?0 unsure · read 1 of 2,000"),
        ("-+", "+1 relevant  −1 not relevant  ?0 unsure · read 2 of 2,000 · the last one was relevant"),
        ("+-?", "+1 relevant  −1 not relevant  ?1 unsure · read 3 of 2,000 · the last one was relevant or unsure"),
    ],
)
def test_numbers_are_given_as_far_as_there_are_any(marks: str, counted: str) -> None:
    assert progress(marks, 2_000).counted == counted


def test_what_is_left_is_said_once_something_bounds_it() -> None:
    said = progress("+" * 10 + "-" * 300, 2_000)
    left = how_much_is_left(
        Record(tuple(Read(str(n), "positive" if n < 10 else "negative", {"list": "a"}) for n in range(310)), (), 2_000)
    )
    assert said.counted.endswith(f"· last relevant 300 ago · about {left.estimate} left ({left.low} to {left.high})")
    assert 0 < left.estimate < left.high < 20
    assert (said.sentence, said.needs) == (left.sentence, left.needs)


def test_what_a_check_drew_is_not_told_as_read_since_the_last_relevant_one() -> None:
    assert (
        "· 5 read in ranked order since the last relevant" in progress("+" * 30 + "-" * 5, 2_000, 9, judged=9).counted
    )
    assert "· 0 read in ranked order since the last relevant" in progress("+" * 30, 2_000, draw=9, judged=9).counted


def test_a_claim_says_what_stands_behind_it() -> None:
    by_rule = progress("+" * 30 + "-" * 1_900, 2_000)
    assert by_rule.sentence.startswith("By the hypergeometric rule, with 95% confidence")
    assert by_rule.needs == "A random check would guarantee it without that assumption."
    by_check = progress("+" * 30, 2_000, draw=1_900, judged=1_900)
    assert by_check.sentence.startswith("A random check guarantees it: with 95% confidence")
    assert by_check.needs == "A random check assumes nothing of the ranking."
    assert progress("+-", 2).needs == "There is nothing left to read."


def test_it_is_read_out_after_every_tenth_record_and_with_another_claim() -> None:
    marks = "+" * 30 + "-" * 1_900
    assert progress(marks[:11], 2_000).told == progress(marks[:19], 2_000).told
    assert progress(marks[:19], 2_000).told != progress(marks[:20], 2_000).told
    told = [progress("+" * 30, 2_000, draw=1_900, judged=n).told for n in (0, 1, 1_899, 1_900)]
    assert told[0] == told[1]
    assert told[2].split()[1:] != told[3].split()[1:]


@pytest.mark.parametrize(
    "name", ["", "random", "random 0", "random -1", "random 1 ", "random 1.5", "random ٣", "anchored"]
)
def test_other_lists_are_no_check(name: str) -> None:
    assert number_of_check(name) is None


def test_the_list_of_a_check_is_recognised_by_its_name() -> None:
    assert [number_of_check(name_of_check(number)) for number in (1, 12)] == [1, 12]
