from functools import cache
from itertools import combinations
from math import comb
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.retrieval.feedback import Mark
from exemplar.retrieval.screening.bounds import Target, fewest_that_miss
from exemplar.retrieval.screening.record import Read
from exemplar.retrieval.screening.stopping import Run, level, run_needed, runs_of

TARGET = Target()
MARKS: dict[str, Mark] = {"+": "positive", "-": "negative", "?": "unsure"}
RANKED, DRAWN, IMPORTED = {"list": "anchored", "rank": 1}, {"random": 1}, {"import": "a.csv"}


def reads(marks: str, found: dict[int, dict[str, Any]] | None = None) -> list[Read]:
    return [Read(str(place), MARKS[mark], (found or {}).get(place, RANKED)) for place, mark in enumerate(marks)]


def test_a_run_begins_behind_the_last_relevant_or_unsure_record() -> None:
    assert runs_of(reads("+--+---"), 20)[0] == Run(3, 0, 16)
    assert runs_of(reads("+--?---"), 20)[0] == Run(3, 0, 16)
    assert runs_of(reads("+"), 20)[0] == Run(0, 0, 19)
    assert runs_of(reads("---"), 20) == [Run(3, 0, 20)]
    assert runs_of([], 20) == [Run(0, 0, 20)]


@pytest.mark.parametrize("other", [DRAWN, IMPORTED, {}])
def test_a_run_reads_no_record_that_was_found_in_another_way(other: dict[str, Any]) -> None:
    assert runs_of(reads("+-----", {2: other, 4: other}), 20)[0] == Run(3, 0, 19), "they were unread before it"
    assert runs_of(reads("+--+--", {3: other}), 20) == [Run(2, 0, 16), Run(4, 0, 18), Run(5, 1, 19)]


def test_further_runs_go_back_behind_1_3_7_relevant_records() -> None:
    found = runs_of(reads("-" + "+-" * 8), 100)
    assert found == [Run(1, 0, 84), Run(3, 1, 86), Run(7, 3, 90), Run(15, 7, 98), Run(17, 8, 100)]


def test_a_toy_run_is_as_long_as_counting_says() -> None:
    # One of 19 found may be missed, so K = 2 of 40; n of 40 have none of 2 with the chance C(40 - n, 2) / C(40, 2).
    highest = level(19, 0, TARGET)
    assert highest == pytest.approx(0.03641, abs=1e-5)  # q = 0.19081 solves q * q = 0.045 (1 - q)
    needed = run_needed(40, 19, 0, TARGET)
    assert needed == next(n for n in range(41) if comb(40 - n, 2) / comb(40, 2) <= highest) == 32
    assert run_needed(1, 19, 0, TARGET) == 0, "only one is left, and one may be"
    assert run_needed(40, 19, 2, TARGET) is None
    assert run_needed(40, 95, 1, TARGET) > run_needed(40, 95, 0, TARGET)


@given(st.integers(1, 3000), st.integers(0, 20), st.sampled_from([0.8, 0.95, 0.99]), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_level_solves_its_equation_and_falls_with_what_is_found(
    found: int, unsure: int, recall: float, confidence: float
) -> None:
    target = Target(recall, confidence)
    decided, alpha = level(found + unsure, 0, target), 0.9 * target.alpha
    K = fewest_that_miss(found + unsure, 0, recall)
    assert (1 - decided / alpha) ** K == pytest.approx(decided, rel=1e-6)
    assert level(found + unsure + 1, 0, target) <= decided < alpha
    spent = level(found, unsure, target)
    assert spent == pytest.approx(min(decided, target.alpha / (10 * unsure * (unsure + 1))) if unsure else decided)


def test_the_levels_in_the_document() -> None:
    shares = [(fewest_that_miss(found, 0, 0.95), round(100 * level(found, 0, TARGET), 1)) for found in (19, 100, 1000)]
    assert shares == [(2, 3.6), (6, 2.1), (53, 0.4)]
    assert [round(100 * level(100, unsure, TARGET), 2) for unsure in (1, 2, 3)] == [0.25, 0.08, 0.04]


def chance_of_a_false_stop(N: int, R: int, target: Target, unsure: bool = False) -> float:
    """Return the exact chance that the rule ever claims falsely where N records with R relevant are read at random.

    By the records unread before a run, and how many relevant ones of them: a run ends at the next relevant record.
    With ``unsure``, the highest chance whichever of the relevant ones are unsure.
    """

    @cache
    def from_run(n_before: int, left: int, n_unsure: int) -> float:
        found = R - left - n_unsure
        if found >= target.recall * R:
            return 0.0
        needed = run_needed(n_before, found, n_unsure, target) if found else None
        chance, none_yet = 0.0, 1.0
        for n_read in range(n_before - left + 1):
            if needed is not None and n_read >= needed:
                return chance + none_yet
            hit = left / max(1, n_before - n_read)
            rest = n_before - n_read - 1, left - 1
            if left:
                chance += (
                    none_yet * hit * max(from_run(*rest, n_unsure + each) for each in ((0, 1) if unsure else (0,)))
                )
            none_yet *= 1 - hit
        return chance

    return from_run(N, R, 0)


def test_the_exact_chance_agrees_with_all_orders_of_a_toy_review() -> None:
    N, R, target = 12, 3, Target(0.7, 0.6)
    n_false = 0
    for places in combinations(range(N), R):
        marks = "".join("+" if place in places else "-" for place in range(N))
        for n_read in range(N + 1):
            found = marks[:n_read].count("+")
            run = runs_of(reads(marks[:n_read]), N)[0]
            needed = run_needed(run.n_before, found, 0, target)
            if found and needed is not None and run.n_read >= needed:
                n_false += found < 0.7 * R
                break
    assert n_false > 0
    assert chance_of_a_false_stop(N, R, target) == pytest.approx(n_false / comb(N, R))


@pytest.mark.parametrize(
    ("N", "R", "target"),
    [
        (60, 5, TARGET),
        (80, 25, TARGET),
        (100, 40, TARGET),
        (60, 30, Target(0.8, 0.9)),
        (70, 35, Target(0.7, 0.8)),
        (40, 3, Target(0.5, 0.5)),
    ],
)
def test_all_looks_together_are_wrong_with_at_most_alpha(N: int, R: int, target: Target) -> None:
    decided, unsure = (chance_of_a_false_stop(N, R, target, each) for each in (False, True))
    assert 0 < decided <= unsure <= target.alpha


@pytest.mark.parametrize("target", [TARGET, Target(0.99, 0.95), Target(0.8, 0.9), Target(0.5, 0.8)])
def test_the_union_of_all_runs_is_at_most_alpha_whatever_is_relevant(target: Target) -> None:
    """The bound of the module's text, summed, for any number of records."""
    levels = [level(found, 0, target) for found in range(2000)]
    missing = [fewest_that_miss(found, 0, target.recall) for found in range(2000)]
    sums = []
    for R in [*range(2, 120), 150, 333, 700, 1000, 1500, 1999]:
        false = (j for j in range(1, R) if R - j >= missing[j])
        sums.append(sum(levels[j] ** ((R - j) / missing[j]) for j in false))
    assert 0.5 * target.alpha < max(sums) <= 0.9 * target.alpha * (1 + 1e-9)


def test_the_full_alpha_for_every_run_would_be_wrong_too_often() -> None:
    missing = [fewest_that_miss(found, 0, 0.95) for found in range(1000)]
    assert sum(0.05 ** ((1000 - j) / missing[j]) for j in range(1, 1000) if 1000 - j >= missing[j]) > 0.5
