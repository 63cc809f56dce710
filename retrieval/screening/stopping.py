"""The hypergeometric rule: the records read since the last relevant one bound what is left.

The rule is that of M. Callaghan and F. Mueller-Hansen, "Statistical stopping criteria for automated screening in
systematic reviews", Systematic Reviews 9:273 (2020): take the records that were read in ranked order as if they had
been drawn at random from those that were unread before. A ranking that puts the relevant records first can only do
better. Here only the run since the last relevant record counts, and its error is spent over all looks.

One run may be looked at after each record. While it has no relevant record, the chance ``P(X = 0)`` of so long a run
under K relevant records left falls from record to record, and the claim is made when it first falls to a level; so the
chance that a run leads to a false claim is at most that level, however often one looks. But each relevant record begins
another run, and a run may end in a false claim while the target is missed. Let R records be relevant, and let a run
begin after j of them. Its claim is false if at least K_j are left, where K_j is ``fewest_that_miss``. At the level a_j
its chance is at most ``a_j ** ((R - j) / K_j)``, because each further relevant record left makes a run without one
rarer by a larger factor. With ``a = q ** K``, where q solves ``q ** K = alpha' (1 - q)``, all runs up to the last one
with a missed target, J, have together at most the chance

    sum of q_j ** (R - j)  <=  q_J ** (R - J) / (1 - q_J)  <=  q_J ** K_J / (1 - q_J)  =  alpha',

as q grows with K, and K with j, whatever R is. alpha' is nine tenths of alpha.

The last tenth is for the records that a reader is unsure about. Unsure records count among the R, and a run begins
behind each; j is then the number of both. But what is unsure is not found, so that the target can still be missed where
the sum above ends: after J + s records if s of them or more are unsure. A run with u unsure ones has, besides, at most
the level ``alpha / 10 / (u (u + 1))``. These sum up to a tenth of alpha over all s, so all runs together have at most
alpha, whichever records are unsure.
"""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from exemplar.retrieval.screening.bounds import Target, chance_of_at_most, fewest_that_miss, most_relevant
from exemplar.retrieval.screening.record import Read

_FOR_UNSURE = 0.1  # of the error


@dataclass(frozen=True, slots=True)
class Run:
    """Records that were read in ranked order up to now.

    Attributes
    ----------
    n_read
        Records that were found in another way, by a random check or an import, do not count.
    n_relevant
        How many of them are relevant.
    n_before
        The number of records that were unread before the run. Those found in another way since are among them, unless
        they are relevant: what a person removes may be what the ranking has left, so to leave them out would make the
        run look longer than it is, and to count them can only make it look shorter.
    """

    n_read: int
    n_relevant: int
    n_before: int

    def most_left(self, alpha: float) -> int:
        """Return the upper bound on the relevant records left, if the run was a random draw."""
        return most_relevant(self.n_before, self.n_read, self.n_relevant, alpha) - self.n_relevant


def runs_of(reads: Sequence[Read], n_records: int) -> list[Run]:
    """Return the run since the last relevant record, then runs that go back behind 1, 3, 7, 15 ... relevant records.

    A run begins behind a relevant record, however that was found; the last one is all that was read in ranked order.
    """
    n_before, runs = n_records - len(reads), []
    n_read = n_relevant = n_behind = 0
    for read in reversed(reads):
        if read.is_relevant:
            if n_behind & (n_behind + 1) == 0:  # 0, 1, 3, 7 ...
                runs.append(Run(n_read, n_relevant, n_before))
            n_behind += 1
        n_read += read.is_ranked
        n_relevant += read.is_ranked and read.is_relevant
        n_before += read.is_ranked or not read.is_relevant
    return [*runs, Run(n_read, n_relevant, n_before)]


def level(n_found: int, n_unsure: int, target: Target) -> float:
    """Return the chance that a run of the rule may have, by the text of this module.

    Its K is the fewest records left with which the target is missed if the unsure ones are relevant and found.
    """
    K, alpha = fewest_that_miss(n_found + n_unsure, 0, target.recall), (1 - _FOR_UNSURE) * target.alpha
    low, high = 0.0, 1.0
    for _ in range(60):
        q = (low + high) / 2
        low, high = (q, high) if q**K < alpha * (1 - q) else (low, q)
    decided = alpha * (1 - high)
    return min(decided, _FOR_UNSURE * target.alpha / (n_unsure * (n_unsure + 1))) if n_unsure else decided


def run_needed(n_before: int, n_found: int, n_unsure: int, target: Target) -> int | None:
    """Return the length of a run without a relevant record after which the target may be claimed.

    None if the target is missed whatever is left, because too much is unsure.
    """
    K, most = fewest_that_miss(n_found, n_unsure, target.recall), level(n_found, n_unsure, target)
    if K == 0:
        return None
    if n_before < K:
        return 0
    return bisect.bisect_left(
        range(n_before), True, key=lambda n_read: chance_of_at_most(0, n_before, K, n_read) <= most
    )
