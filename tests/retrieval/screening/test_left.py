import re
from dataclasses import replace

import pytest

from exemplar.retrieval.screening.bounds import Target, most_relevant
from exemplar.retrieval.screening.left import how_much_is_left
from exemplar.retrieval.screening.record import Draw, Read, Record
from tests.retrieval.screening.test_stopping import DRAWN, IMPORTED, MARKS, RANKED, reads

FOUND_19 = "+" * 19


def record(marks: str, n_records: int, *draws: Draw) -> Record:
    return Record(tuple(reads(marks)), draws, n_records)


def test_a_toy_review_by_the_rule() -> None:
    """19 found of 59: one may be missed, and the run that bounds two has 32 of the 40 that were unread."""
    before, at = how_much_is_left(record(FOUND_19 + "-" * 31, 59)), how_much_is_left(record(FOUND_19 + "-" * 32, 59))
    assert (before.n_read, before.n_relevant, before.n_unsure, before.since_last, before.n_unread) == (50, 19, 0, 31, 9)
    assert (before.rule.holds, before.rule.high, before.rule.recall) == (False, 2, 19 / 21)
    assert before.sentence == (
        "It can't be claimed yet that with 95% confidence at least 95% of the relevant records are found."
    )
    assert before.needs.startswith("Read 1 more without a relevant one, or draw 8 at random: if none of them")
    assert (at.rule.holds, at.rule.high, at.rule.recall) == (True, 1, 19 / 20)
    assert (at.estimate, at.low, at.high, at.check, at.needs) == (0, 0, 1, None, "")
    assert at.sentence == (
        "By the hypergeometric rule, with 95% confidence at least 95% of the relevant records are found, provided that "
        "reading in this order found relevant records no later than reading at random would have."
    )


def test_what_it_takes_is_enough_and_no_more() -> None:
    now = how_much_is_left(record("+-" * 30, 300))
    [more, drawn] = map(int, re.findall(r"(?:Read|draw) (\d+)", now.needs))
    for n, holds in ((more - 1, False), (more, True)):
        assert how_much_is_left(record("+-" * 30 + "-" * n, 300)).rule.holds is holds
    for n, holds in ((drawn - 1, False), (drawn, True)):
        judged = Record(
            (*reads("+-" * 30), *(Read(f"d{i}", "negative", DRAWN) for i in range(n))),
            (Draw(1, tuple(f"d{i}" for i in range(n)), 240, frozenset(map(str, range(60)))),),
            300,
        )
        assert (check := how_much_is_left(judged).check)
        assert check.holds is holds


def test_nothing_is_claimed_before_something_is_found() -> None:
    for marks in ("", "-" * 90, "-?-"):
        left = how_much_is_left(record(marks, 100))
        assert left.sentence == "Nothing relevant is found yet, so nothing can be claimed."
        assert left.needs == "Find a relevant record first."
        assert not left.rule.holds
    assert how_much_is_left(record("", 100)).since_last is None
    assert how_much_is_left(record("-", 100)).since_last is None
    assert how_much_is_left(record("", 0)).high == 0


def test_all_read_is_exact() -> None:
    left = how_much_is_left(record("+-+--", 5))
    assert (left.estimate, left.low, left.high, left.n_unread) == (0, 0, 0, 0)
    assert (left.sentence, left.needs, left.rule.holds) == ("Everything is read: 2 are relevant.", "", True)
    unsure = how_much_is_left(record("+-+?-", 5))
    assert (unsure.sentence, unsure.rule.holds) == ("Everything is read: 2 are relevant, and 1 is unsure.", False)
    assert unsure.needs == "Decide what is unsure (1): it counts as relevant and not found."
    assert not how_much_is_left(record("+", 2)).rule.holds
    none, empty, one_unsure = (how_much_is_left(record(marks, len(marks))) for marks in ("---", "", "-?-"))
    assert (none.sentence, none.needs) == ("Everything is read: 0 are relevant.", "")
    assert (empty.sentence, empty.needs) == (none.sentence, "")
    assert one_unsure.sentence == "Everything is read: 0 are relevant, and 1 is unsure."
    assert one_unsure.needs == unsure.needs


def test_unsure_counts_as_relevant_and_not_found() -> None:
    marks = "+" * 19 + "-" * 32
    assert how_much_is_left(record(marks, 59)).rule.holds
    assert not how_much_is_left(record("?" + marks, 60)).rule.holds, "with it, none may be missed"
    assert how_much_is_left(record("?" + marks, 60)).n_relevant == 19
    two = how_much_is_left(record("??" + marks + "-" * 7, 68))
    assert (two.rule.high, two.rule.holds) == (3, False)
    assert two.needs == "Decide what is unsure (2): it counts as relevant and not found."
    assert how_much_is_left(record(marks + "?", 60)).since_last == 0


@pytest.mark.parametrize("other", [DRAWN, IMPORTED, {}])
def test_only_the_ranked_run_counts_for_the_rule(other: dict[str, object]) -> None:
    marks = FOUND_19 + "-" * 32
    last = dict.fromkeys(range(45, 51), other)
    left = how_much_is_left(Record(tuple(reads(marks, last)), (), 59))
    assert (left.since_last, left.n_read, left.rule.holds) == (26, 51, False)


def test_what_is_removed_from_the_unread_does_not_make_a_run_longer() -> None:
    """Of one record left among 999, 720 read at random find none with the chance .28, whatever is removed then."""
    marks = "+" + "-" * 970
    left = how_much_is_left(Record(tuple(reads(marks, dict.fromkeys(range(721, 971), IMPORTED))), (), 1000))
    assert (left.n_unread, left.since_last, left.rule.holds) == (29, 720, False)
    assert left.needs.startswith("Read 29 more without a relevant one, or draw ")


def checked_review(n_drawn: int, relevant: str = "", judged: int | None = None) -> Record:
    """Return a review with 30 found of 300, and a check of the 240 unread whose first marks are given."""
    drawn = tuple(f"d{place}" for place in range(n_drawn))
    marks = (relevant + "-" * n_drawn)[: n_drawn if judged is None else judged]
    in_check = tuple(Read(drawn[place], MARKS[mark], DRAWN) for place, mark in enumerate(marks))
    before = reads("+-" * 30)
    return Record((*before, *in_check), (Draw(1, drawn, 240, frozenset(read.doc_id for read in before)),), 300)


def test_a_check_is_a_guarantee() -> None:
    left = how_much_is_left(checked_review(220))
    assert left.check
    high = most_relevant(240, 220, 0, 0.025)  # the first check has half of alpha
    assert (left.check.high, left.high, left.check.holds, left.check.recall) == (high, high, True, 30 / (30 + high))
    assert left.sentence == (
        "A random check guarantees it: with 95% confidence at least 95% of the relevant records are found."
    )
    assert (left.open_draw, left.drawn_left, left.needs) == (None, (), "")
    assert left.since_last == 1, "the check is no part of the run"


def test_relevant_records_in_a_check_are_found() -> None:
    left = how_much_is_left(checked_review(220, "++"))
    assert left.check
    assert left.n_relevant == 32
    assert left.check.high == most_relevant(240, 220, 2, 0.025) - 2
    assert left.low <= left.estimate <= left.high
    unsure = how_much_is_left(checked_review(220, "+?"))
    assert unsure.check
    assert (unsure.check.high, unsure.n_unsure) == (left.check.high, 1)
    assert unsure.check.recall < left.check.recall


def test_a_check_that_falls_short_says_how_far_it_reaches() -> None:
    left = how_much_is_left(checked_review(60))
    high = most_relevant(240, 60, 0, 0.025)
    assert left.sentence == (
        f"A random check guarantees, with 95% confidence, that at least {100 * 30 // (30 + high)}% are found; not yet "
        "95%."
    )
    assert (left.low, left.high) == (0, high)


def test_a_check_that_bounds_nothing_yet_guarantees_nothing() -> None:
    left = how_much_is_left(checked_review(60, judged=0))
    assert left.check
    assert left.check.high == left.n_unread
    assert left.sentence.startswith("It can't be claimed yet")


def test_a_drawn_record_without_a_mark_may_be_relevant() -> None:
    open_check = checked_review(220, judged=218)
    left = how_much_is_left(open_check)
    assert left.check
    assert (left.open_draw, left.drawn_left) == (open_check.draws[0], ("d218", "d219"))
    assert left.check.high == min(22, most_relevant(240, 220, 2, 0.025))
    assert left.needs.endswith(
        "or judge the 2 that are left of the random check: if none of them is relevant, the target may be claimed."
    )
    assert how_much_is_left(checked_review(220)).check.holds  # type: ignore[union-attr]


def test_reading_elsewhere_between_draw_and_end_changes_no_bound_on_all() -> None:
    """Relevant records found meanwhile are among those that the check bounds, so they are left no longer."""
    alone = checked_review(150)
    meanwhile = tuple(Read(f"m{place}", "positive", RANKED) for place in range(2))
    earlier = replace(alone, reads=(*alone.reads[:60], *meanwhile, *alone.reads[60:]))
    later = replace(alone, reads=(*alone.reads, *meanwhile))
    one, two, three = (how_much_is_left(each) for each in (alone, earlier, later))
    assert one.check
    assert two.check == three.check
    assert two.check
    assert two.check.high == one.check.high - 2
    assert (two.since_last, three.since_last) == (0, 0)


def test_a_drawn_record_counts_wherever_it_is_marked() -> None:
    checked = checked_review(220, "+")
    moved = replace(checked, reads=tuple(replace(read, found=RANKED) for read in checked.reads))
    assert how_much_is_left(moved).check == how_much_is_left(checked).check


def test_a_mark_from_before_the_draw_that_is_taken_back_may_be_relevant() -> None:
    checked = checked_review(220)
    assert checked.reads[1].mark == "negative"
    left, whole = (
        how_much_is_left(each) for each in (replace(checked, reads=checked.reads[:1] + checked.reads[2:]), checked)
    )
    assert left.check
    assert whole.check
    assert left.check.high == whole.check.high + 1


def test_a_mark_from_before_the_draw_that_is_changed_does_not_count_among_the_drawn() -> None:
    checked = checked_review(220)
    changed = replace(checked.reads[1], mark="positive")
    later = replace(checked, reads=(checked.reads[0], *checked.reads[2:], changed))
    left, whole = how_much_is_left(later), how_much_is_left(checked)
    assert left.check
    assert whole.check
    assert left.check.high == whole.check.high


def test_later_checks_have_less_of_alpha() -> None:
    review = checked_review(200)
    second = replace(review, draws=(replace(review.draws[0], number=2),))
    left = how_much_is_left(second)
    assert left.check
    assert left.check.high == most_relevant(240, 200, 0, 0.0125) > most_relevant(240, 200, 0, 0.05)
    both = how_much_is_left(replace(review, draws=(*review.draws, *second.draws)))
    assert both.check == how_much_is_left(review).check, "the better one counts"


def test_a_check_of_another_corpus_or_filter_says_nothing() -> None:
    review = checked_review(220)
    left = how_much_is_left(replace(review, draws=(replace(review.draws[0], covers=False),)))
    assert left.check is None
    assert left.sentence.startswith("It can't be claimed yet")


def test_the_open_check_is_the_last_one_that_covers_the_screening() -> None:
    review = checked_review(220, judged=218)
    elsewhere = Draw(2, ("x1", "x2"), 17, covers=False)
    left = how_much_is_left(replace(review, draws=(*review.draws, elsewhere)))
    assert (left.open_draw, left.drawn_left) == (review.draws[0], ("d218", "d219"))
    alone = how_much_is_left(replace(review, draws=(elsewhere,)))
    assert (alone.open_draw, alone.drawn_left) == (None, ())


def test_the_target_is_in_the_words() -> None:
    left = how_much_is_left(record("+" * 20 + "-" * 200, 230), Target(0.8, 0.999))
    assert "with 99.9% confidence at least 80% of" in left.sentence
