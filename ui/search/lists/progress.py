"""The progress of a screening in words: what is read and found, what may be claimed, and what it takes to claim it."""

from dataclasses import dataclass

from exemplar.retrieval.screening.left import Left

_TOLD_EVERY = 10  # records read: a line that is read out after each mark would drown what the mark did


@dataclass(frozen=True, slots=True)
class Progress:
    """What the view Screen says above its list.

    Attributes
    ----------
    counted
        The line of numbers.
    sentence
        What may be claimed.
    needs
        What it takes to claim more, and what stands behind a claim.
    told
        Changes when the line is to be read out again.
    """

    counted: str
    sentence: str
    needs: str
    told: str


def progress_of(left: Left) -> Progress:
    """Return the progress of a screening in words."""
    state = (left.n_read // _TOLD_EVERY, left.rule.holds, bool(left.check and left.check.holds), bool(left.open_draw))
    return Progress(_counted(left), left.sentence, _needs(left), " ".join(map(str, map(int, state))))


def _counted(left: Left) -> str:
    n_negative = left.n_read - left.n_relevant - left.n_unsure
    parts = [
        f"+{left.n_relevant:,} relevant  \N{MINUS SIGN}{n_negative:,} not relevant  ?{left.n_unsure:,} unsure",
        f"read {left.n_read:,} of {left.n_read + left.n_unread:,}",
    ]
    if left.since_last is not None:
        parts.append(_since_last(left.since_last, "relevant or unsure" if left.n_unsure else "relevant", left))
    if left.n_relevant and 2 * left.high < left.n_unread:  # wider, the interval would say nothing
        parts.append(f"about {left.estimate:,} left ({left.low:,} to {left.high:,})")
    return " · ".join(parts)


def _since_last(n: int, last: str, left: Left) -> str:
    if left.check:  # what a check drew is read, too, and not counted here
        return f"{n:,} read in ranked order since the last {last}"
    return f"last {last} {n:,} ago" if n else f"the last one was {last}"


def _needs(left: Left) -> str:
    if left.needs or not left.n_unread:
        return left.needs or "There is nothing left to read."
    if left.check and left.check.holds:
        return "A random check assumes nothing of the ranking."
    return "A random check would guarantee it without that assumption."
