"""The random checks of a screening: bounds on the relevant records left that need no assumption.

Check number j of a screening may be wrong with the chance ``alpha / 2 ** j``, so all of them together with at most
alpha, however many are drawn and whatever makes a person draw another.

The bound is on the records that were unread when the check was drawn, so it does not matter what was read since, in
which order, and whether the drawn records were found in the check or elsewhere: of these records at most K are
relevant, and what is found of them is not left. A drawn record without a mark counts as relevant, so the bound also
holds before all are judged. A record that was judged before the draw and is not any more may be relevant as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exemplar.retrieval.feedback import Mark
from exemplar.retrieval.screening.bounds import fewest_relevant, most_relevant
from exemplar.retrieval.screening.record import Draw


@dataclass(frozen=True, slots=True)
class Checked:
    """What a random check says of the relevant records left: the bounds, and a number as likely too low as too high.

    Attributes
    ----------
    is_complete
        Whether all that was drawn is judged; until then low and estimate mean little.
    """

    low: int
    estimate: int
    high: int
    is_complete: bool = True


def share_of_alpha(number: int, alpha: float) -> float:
    """Return the chance of being wrong that a random check may have, by its number; 1 is the first."""
    return alpha / 2.0**number


def checked(draws: Sequence[Draw], marks: Mapping[str, Mark], alpha: float) -> Checked | None:
    """Return what the check with the lowest upper bound says; None without one that covers the screening."""
    bounds = [
        _bounds(draw, marks, share_of_alpha(draw.number, alpha)) for draw in draws if draw.covers and draw.doc_ids
    ]
    return min(bounds, key=lambda each: each.high, default=None)


def _bounds(draw: Draw, marks: Mapping[str, Mark], alpha: float) -> Checked:
    n_drawn, states = len(draw.doc_ids), [marks.get(doc_id) for doc_id in draw.doc_ids]
    n_relevant = sum(mark in ("positive", "unsure") for mark in states)
    n_possible = n_relevant + states.count(None)
    since = {doc_id: mark for doc_id, mark in marks.items() if doc_id not in draw.read}
    n_since = sum(mark != "negative" for mark in since.values())
    n_lost = sum(doc_id not in marks for doc_id in draw.read)
    low = fewest_relevant(draw.n_unread, n_drawn, n_relevant, alpha) - n_since
    estimate = most_relevant(draw.n_unread, n_drawn, n_relevant, 0.5) - n_since
    high = most_relevant(draw.n_unread, n_drawn, n_possible, alpha) - n_since + n_lost
    return Checked(max(0, low), max(0, estimate), max(0, high), None not in states)
