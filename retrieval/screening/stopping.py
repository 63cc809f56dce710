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
rarer by a larger factor. With ``a = q ** K``, where q solves ``q ** K = alpha (1 - q)``, all runs up to the last one
with a missed target, J, have together at most the chance

    sum of q_j ** (R - j)  <=  q_J ** (R - J) / (1 - q_J)  <=  q_J ** K_J / (1 - q_J)  =  alpha,

as q grows with K, and K with j, whatever R is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from exemplar.retrieval.screening.bounds import Target, fewest_that_miss, most_relevant
from exemplar.retrieval.screening.record import Read


@dataclass(frozen=True, slots=True)
class Run:
    """The records read in ranked order since the last relevant one.

    Attributes
    ----------
    n_read
        Records that were found in another way, by a random check or an import, do not count.
    n_before
        The number of records that were unread before the run, without those that were found in another way since.
    """

    n_read: int
    n_before: int


def run_of(reads: Sequence[Read], n_records: int) -> Run:
    """Return the run at the end of a reading; it begins after the last relevant record, however that was found."""
    n_read = 0
    for read in reversed(reads):
        if read.is_relevant:
            break
        n_read += read.is_ranked
    return Run(n_read, n_records - len(reads) + n_read)


def level(n_found: int, n_unsure: int, target: Target) -> float:
    """Return the chance that a run of the rule may have; unsure records count among those after which a run begins."""
    K = fewest_that_miss(n_found + n_unsure, 0, target.recall)
    low, high = 0.0, 1.0
    for _ in range(60):
        q = (low + high) / 2
        low, high = (q, high) if q**K < target.alpha * (1 - q) else (low, q)
    return target.alpha * (1 - low)


def run_needed(n_before: int, n_found: int, n_unsure: int, target: Target) -> int | None:
    """Return the length of a run without a relevant record after which the target may be claimed.

    None if the target can't be reached by reading irrelevant records, because too much is unsure.
    """
    from scipy.stats import hypergeom

    K, highest = fewest_that_miss(n_found, n_unsure, target.recall), level(n_found, n_unsure, target)
    if K == 0:
        return None
    low, high = 0, n_before
    while low < high:
        middle = (low + high) // 2
        short = n_before >= K and hypergeom.cdf(0, n_before, K, middle) > highest
        low, high = (middle + 1, high) if short else (low, middle)
    return low


def most_left_by_run(run: Run, alpha: float) -> int:
    """Return the upper bound on the relevant records left after a run."""
    return most_relevant(run.n_before, run.n_read, 0, alpha)
