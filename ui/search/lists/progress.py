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
    sentence = " ".join(filter(None, (left.sentence, _shown_by_checks(left))))
    state = (left.n_read // _TOLD_EVERY, left.rule.holds, bool(left.check and left.check.holds), bool(left.open_draw))
    return Progress(_counted(left), sentence, _needs(left), " ".join(map(str, map(int, state))))


def _counted(left: Left) -> str:
    n_negative = left.n_read - left.n_relevant - left.n_unsure
    parts = [
        f"+{left.n_relevant:,} relevant  \N{MINUS SIGN}{n_negative:,} not relevant  ?{left.n_unsure:,} unsure",
        f"read {left.n_read:,} of {left.n_read + left.n_unread:,}",
    ]
    if left.since_last is not None:
        last = "relevant or unsure" if left.n_unsure else "relevant"
        parts.append(f"last {last} {left.since_last:,} ago" if left.since_last else f"the last one was {last}")
    if left.n_relevant and left.high < left.n_unread:
        parts.append(f"about {left.estimate:,} left ({left.low:,} to {left.high:,})")
    return " · ".join(parts)


def _shown_by_checks(left: Left) -> str:
    """Return what random checks show where they guarantee less than the target."""
    if left.check is None or left.check.holds or left.open_draw or not left.n_relevant or not left.n_unread:
        return ""
    return (
        f"Random checks show that at most {left.check.high:,} relevant ones are left, so that at least "
        f"{int(100 * left.check.recall)}% are found."
    )


def _needs(left: Left) -> str:
    if left.open_draw:
        n = len(left.drawn_left)
        rest = "1 record" if n == 1 else f"{n:,} records"
        return f"The random check is open: it counts {rest} as relevant until you judge them."
    if left.check and left.check.holds:
        return "A random check assumes nothing of the ranking."
    if left.rule.holds:
        return "The rule rests on that assumption. A random check guarantees it without one."
    return left.needs or "Everything is read."
