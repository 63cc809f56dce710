"""How much is left of a screening, in numbers and in the sentences that may be claimed of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from exemplar.retrieval.feedback import Mark
from exemplar.retrieval.screening.bounds import Target, draw_needed, fewest_that_miss
from exemplar.retrieval.screening.checks import Checked, checked, share_of_alpha
from exemplar.retrieval.screening.record import Draw, Record
from exemplar.retrieval.screening.stopping import Run, level, run_needed, runs_of

_NEGATIVE: Mark = "negative"
ASSUMPTION = "provided that reading in this order found relevant records no later than reading at random would have"


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
        The recall if so many are left; 0 before anything is found.
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
        Records marked as relevant; unsure ones count as relevant and not found.
    since_last
        Records read in ranked order since the last relevant or unsure one; None if there is none.
    estimate, low, high
        Relevant records among the unread: a number as likely too low as too high, and its bounds. By the random check
        that bounds them best, once it is judged to its end; else by the runs of the reading (``runs_of``), whichever
        has the lowest bound, under the assumption of the rule and at a single look.
    rule
        By the hypergeometric rule, which has an assumption.
    check
        By the random checks, a guarantee; None without a check that holds for what the screening consists of now.
    open_draw
        The last random check that holds for what the screening consists of now, if some of it is not judged yet.
    drawn_left
        What is not judged yet of it.
    sentence
        What may be claimed now.
    needs
        What it takes to claim the target; empty if that may be claimed, or all is read.
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


@dataclass(frozen=True, slots=True)
class _Counts:
    n_relevant: int
    n_unsure: int
    n_unread: int
    target: Target

    def claim(self, high: int) -> Claim:
        high = min(high, self.n_unread)
        holds = self.n_relevant > 0 and high < fewest_that_miss(self.n_relevant, self.n_unsure, self.target.recall)
        return Claim(holds, high, self.n_relevant / max(1, self.n_relevant + self.n_unsure + high))


def how_much_is_left(record: Record, target: Target | None = None) -> Left:
    """Return how much is left of a screening, and what may be claimed; the target is 95% recall by default."""
    target = target or Target()
    marks: dict[str, Mark] = {read.doc_id: read.mark for read in record.reads}
    n_relevant, n_unsure = (sum(mark == each for mark in marks.values()) for each in ("positive", "unsure"))
    counts = _Counts(n_relevant, n_unsure, record.n_records - len(marks), target)
    runs, highest = runs_of(record.reads, record.n_records), level(n_relevant, n_unsure, target)
    rule = counts.claim(runs[0].most_left(highest))
    bounds = checked(record.draws, marks, target.alpha)
    check = None if bounds is None else counts.claim(bounds.high)
    draw = next((each for each in reversed(record.draws) if each.covers), None)
    drawn_left = tuple(doc_id for doc_id in draw.doc_ids if doc_id not in marks) if draw else ()
    estimated = bounds if bounds and bounds.is_complete else _by_runs(runs, highest)
    high = min(estimated.high, counts.n_unread)
    return Left(
        n_read=len(marks),
        n_relevant=n_relevant,
        n_unsure=n_unsure,
        since_last=runs[0].n_read if n_relevant + n_unsure else None,
        n_unread=counts.n_unread,
        estimate=min(max(estimated.low, estimated.estimate), high),
        low=min(estimated.low, high),
        high=high,
        rule=rule,
        check=check,
        open_draw=draw if drawn_left else None,
        drawn_left=drawn_left,
        sentence=_sentence(counts, rule, check),
        needs="" if rule.holds or (check and check.holds) else _needs(counts, runs[0], record, marks, drawn_left),
    )


def _by_runs(runs: list[Run], alpha: float) -> Checked:
    return Checked(0, min(run.most_left(0.5) for run in runs), min(run.most_left(alpha) for run in runs))


def _sentence(counts: _Counts, rule: Claim, check: Claim | None) -> str:
    if not counts.n_relevant and counts.n_unread:
        return "Nothing relevant is found yet, so nothing can be claimed."
    if not counts.n_unread:
        unsure = (
            f", and {counts.n_unsure:,} {'is' if counts.n_unsure == 1 else 'are'} unsure" if counts.n_unsure else ""
        )
        return f"Everything is read: {counts.n_relevant:,} {_are(counts.n_relevant)} relevant{unsure}."
    confidence, recall = _percent(counts.target.confidence), _percent(counts.target.recall)
    claimed = f"with {confidence} confidence at least {recall} of the relevant records are found"
    if check and check.holds:
        return f"A random check guarantees it: {claimed}."
    if rule.holds:
        return f"By the hypergeometric rule, {claimed}, {ASSUMPTION}."
    if check and check.high < counts.n_unread and check.recall >= 0.01:
        share = f"at least {int(100 * check.recall)}%"
        return f"A random check guarantees, with {confidence} confidence, that {share} are found; not yet {recall}."
    return f"It can't be claimed yet that {claimed}."


def _needs(counts: _Counts, run: Run, record: Record, marks: Mapping[str, Mark], drawn_left: tuple[str, ...]) -> str:
    """Return what it takes to claim the target, which can't be claimed yet."""
    if not counts.n_unread and not counts.n_unsure:
        return ""
    if not counts.n_relevant and counts.n_unread:
        return "Find a relevant record first."
    n_relevant, n_unsure, target = counts.n_relevant, counts.n_unsure, counts.target
    n_run = run_needed(run.n_before, n_relevant, n_unsure, target)
    if n_run is None:
        return f"Decide what is unsure ({n_unsure:,}): it counts as relevant and not found."
    if not counts.n_unread:
        return ""
    reading = f"Read {min(n_run - run.n_read, counts.n_unread):,} more without a relevant one"
    if drawn_left:
        judged = replace(counts, n_unread=counts.n_unread - len(drawn_left))
        bounds = checked(record.draws, {**marks, **dict.fromkeys(drawn_left, _NEGATIVE)}, target.alpha)
        if bounds and judged.claim(bounds.high).holds:
            rest = f"judge the {len(drawn_left):,} that are left of the random check"
            return f"{reading}, or {rest}: if none of them is relevant, the target may be claimed."
    alpha = share_of_alpha(len(record.draws) + 1, target.alpha)
    n_drawn = draw_needed(counts.n_unread, n_relevant, n_unsure, target.recall, alpha)
    return f"{reading}, or draw {n_drawn:,} at random: if none of them is relevant, the target may be claimed."


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"
