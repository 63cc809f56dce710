"""The protocol "to the end": every ranker reads the whole collection, from one or both of two starts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from exemplar.data.errors import ExemplarError
from exemplar.retrieval.evaluation.collection import Collection, Judged
from exemplar.retrieval.evaluation.judgements import Judgements
from exemplar.retrieval.evaluation.protocols import N_QUERIES, SEED, check_rankers, sampled
from exemplar.retrieval.evaluation.reading import Reading, draw_known, read_to_the_end
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.search import SearchEngine

Start = Literal["query", "two"]
STARTS: dict[Start, str] = {
    "query": "from the query alone",
    "two": "from one relevant and one other document known",
}
READERS = ("knn", "words", "hybrid", "rocchio-words", "elas", "anchored")  # the rankers that are compared by default


@dataclass(frozen=True, slots=True)
class EndPlan:
    """How collections are read to the end.

    Attributes
    ----------
    page
        Documents that are judged before the ranker ranks the unread anew.
    seeds
        Draws of the two known documents, the same for all rankers.

    Raises
    ------
    ExemplarError
        A start is unknown or there is none, or a number is below 1.
    """

    page: int = 10
    starts: tuple[Start, ...] = get_args(Start)
    seeds: int = 3

    def __post_init__(self) -> None:
        if self.page < 1 or self.seeds < 1:
            raise ExemplarError(f"a page and the number of seeds must be at least 1, got {self.page} and {self.seeds}")
        if not self.starts or not set(self.starts) <= set(STARTS):
            raise ExemplarError(f"a start is one of {', '.join(STARTS)}; got {', '.join(self.starts) or 'none'}")

    @property
    def options(self) -> list[str]:
        """The options of ``exemplar evaluate`` for the plan, those left out that have their defaults."""
        default, start = EndPlan(), "both" if len(self.starts) > 1 else self.starts[0]
        values = {"page": (self.page, default.page), "start": (start, "both"), "seeds": (self.seeds, default.seeds)}
        given = {name: value for name, (value, usual) in values.items() if value != usual}
        return ["--to-the-end", *(word for name, value in given.items() for word in (f"--{name}", str(value)))]

    def draws(self, start: Start) -> int:
        """Return the number of readings of a query by one ranker; from the query alone all would be the same."""
        return self.seeds if start == "two" else 1

    def n_readings(self, n_queries: int, n_rankers: int) -> int:
        """Return the number of readings of so many queries by so many rankers."""
        return n_queries * n_rankers * sum(map(self.draws, self.starts))


@dataclass(frozen=True, slots=True, eq=False)
class EndMeasurement:
    """The readings of a collection by a ranker from one start.

    Attributes
    ----------
    readings
        For every query its readings, one a seed.
    """

    start: Start
    page: int
    ranker: str
    readings: tuple[tuple[Reading, ...], ...]


def measure_to_the_end(
    engine: SearchEngine,
    judgements: Judgements,
    *,
    rankers: Sequence[str] = READERS,
    plan: EndPlan | None = None,
    n_queries: int = N_QUERIES,
    seed: int = SEED,
    on_read: Callable[[int], None] = lambda n: None,
) -> list[EndMeasurement]:
    """Read the collection of every query to the end, by every ranker.

    Queries whose documents are all relevant do not count, nor do those with nothing relevant left once the two known
    documents are drawn.

    Parameters
    ----------
    n_queries
        The most judged queries to read for, drawn at random, the same as in the other protocols.
    on_read
        Called after every page with its number of documents, and at the end of a reading with those that were left.

    Raises
    ------
    ExemplarError
        A ranker is unknown or there is none, or there is no query.
    """
    check_rankers(rankers)
    if n_queries < 1 or not rankers or not judgements.queries:
        raise ExemplarError("at least one ranker and one query are needed")
    plan = plan or EndPlan()
    collection = Collection(engine, judgements.unjudged)
    queries = sampled(judgements.queries, n_queries, seed)
    readings: dict[tuple[Start, str], list[tuple[Reading, ...]]] = {}
    for query in queries:
        judged = Judged(collection, query)
        for start in plan.starts:
            known = _known(judged, start, [(seed, number) for number in range(plan.draws(start))])
            for ranker in rankers:
                read = [_read(collection, judged, ranker, plan.page, marks, on_read) for marks in known]
                counting = tuple(reading for reading in read if reading.counts)
                if counting:
                    readings.setdefault((start, ranker), []).append(counting)
    return [
        EndMeasurement(start, plan.page, ranker, tuple(readings[start, ranker]))
        for start in plan.starts
        for ranker in rankers
        if (start, ranker) in readings
    ]


def _known(judged: Judged, start: Start, seeds: Sequence[tuple[int, ...]]) -> list[Feedback]:
    """Return the marks that readings begin with; none where they can't be drawn."""
    if start == "query":
        return [Feedback()]
    return [marks for seed in seeds if (marks := draw_known(judged, seed)) is not None]


def _read(
    collection: Collection, judged: Judged, ranker: str, page: int, known: Feedback, on_read: Callable[[int], None]
) -> Reading:
    n_read = 0

    def on_page(n: int) -> None:
        nonlocal n_read
        n_read += n
        on_read(n)

    reading = read_to_the_end(collection, judged, ranker, page=page, known=known, on_page=on_page)
    on_read(len(judged.readable) - n_read)
    return reading
