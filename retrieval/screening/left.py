"""How much is left of a screening, in numbers and in the sentences that may be claimed of it."""

from dataclasses import dataclass

from exemplar.retrieval.screening.bounds import Target, draw_needed, fewest_that_miss
from exemplar.retrieval.screening.checks import checked
from exemplar.retrieval.screening.record import Draw, Record
from exemplar.retrieval.screening.stopping import Run, level, most_left_by_run, run_needed, run_of

NOTHING_FOUND = "Nothing relevant is found yet, so nothing can be claimed."
ASSUMPTION = "if the records read since the last relevant one were no likelier to miss it than a random draw"


@dataclass(frozen=True, slots=True)
class Claim:
    """What one of the two ways to stop says.

    Attributes
    ----------
    holds
        Whether the target may be claimed.
    high
        The most relevant records that may be left.
    recall
        The recall if so many are left.
    """

    holds: bool
    high: int
    recall: float


@dataclass(frozen=True, slots=True)
class Left:
    """How much is left of a screening.

    Attributes
    ----------
    n_relevant
        Records marked as relevant. Unsure ones count as relevant and not found.
    since_last
        Records read in ranked order since the last relevant or unsure one; None if there is none.
    estimate, low, high
        Relevant records among the unread: as many as likely too low as too high, and the bounds on it.
    rule
        By the hypergeometric rule, which has an assumption.
    check
        By the random checks, a guarantee; None if there is none that holds for what the screening consists of.
    open_draw
        The last random check, if some of it is not judged yet.
    drawn_left
        What is not judged yet of it.
    sentence
        What may be claimed now.
    needs
        What it takes to claim the target; empty if it may be claimed.
    """

    n_read: int
    n_relevant: int
    n_unsure: int
    since_last: int | None
    n_unread: int
    estimate: int
    low: int
    high: int
    rule: Claim
    check: Claim | None
    open_draw: Draw | None
    drawn_left: tuple[str, ...]
    sentence: str
    needs: str


def how_much_is_left(record: Record, target: Target | None = None) -> Left:
    """Return how much is left of a screening, and what may be claimed."""
    target = target or Target()
    marks = {read.doc_id: read.mark for read in record.reads}
    n_relevant = sum(mark == "positive" for mark in marks.values())
    n_unsure = sum(mark == "unsure" for mark in marks.values())
    n_unread = record.n_records - len(marks)
    run = run_of(record.reads, record.n_records)
    rule_level = level(n_relevant, n_unsure, target)

    def claim(high: int) -> Claim:
        missing = fewest_that_miss(n_relevant, n_unsure, target.recall)
        return Claim(n_relevant > 0 and high < missing, high, n_relevant / max(1, n_relevant + n_unsure + high))

    rule = claim(most_left_by_run(run, rule_level))
    bounds = checked(record.draws, marks, target.alpha)
    check = claim(min(n_unread, bounds.high)) if bounds else None
    if bounds and check:
        estimate, low, high = bounds.estimate, bounds.low, check.high
    else:
        estimate, low, high = most_left_by_run(run, 0.5), 0, rule.high
    draw = record.draws[-1] if record.draws else None
    drawn_left = tuple(doc_id for doc_id in draw.doc_ids if doc_id not in marks) if draw else ()
    return Left(
        len(marks),
        n_relevant,
        n_unsure,
        run.n_read if n_relevant + n_unsure else None,
        n_unread,
        min(max(low, estimate), high),
        min(low, high),
        high,
        rule,
        check,
        draw if drawn_left else None,
        drawn_left,
        _sentence(n_relevant, n_unsure, n_unread, rule, check, target),
        _needs(n_relevant, n_unsure, n_unread, run, rule, check, record, target),
    )


def _sentence(n_relevant: int, n_unsure: int, n_unread: int, rule: Claim, check: Claim | None, target: Target) -> str:
    if not n_relevant:
        return NOTHING_FOUND
    if not n_unread:
        return f"All records are read: {n_relevant:,} are relevant" + (f", {n_unsure:,} unsure." if n_unsure else ".")
    claimed = f"with {_percent(target.confidence)} confidence at least {_percent(target.recall)} are found"
    if check and check.holds:
        return f"The random check guarantees it: {claimed}."
    if rule.holds:
        return f"By the hypergeometric rule, {claimed}, {ASSUMPTION}."
    return f"It can't be claimed yet that {claimed}."


def _needs(
    n_relevant: int,
    n_unsure: int,
    n_unread: int,
    run: Run,
    rule: Claim,
    check: Claim | None,
    record: Record,
    target: Target,
) -> str:
    if rule.holds or (check and check.holds) or not n_unread:
        return ""
    if not n_relevant:
        return "Find a relevant record first."
    needed = run_needed(run.n_before, n_relevant, n_unsure, target)
    drawn = draw_needed(n_unread, n_relevant, n_unsure, target.recall, target.alpha / 2 ** (len(record.draws) + 1))
    if needed is None or drawn is None:
        return f"Decide the {n_unsure:,} unsure ones first: they count as relevant and not found."
    return (
        f"Read {needed - run.n_read:,} more without a relevant one, or draw {drawn:,} at random: if none of them is "
        "relevant, the target may be claimed."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"
