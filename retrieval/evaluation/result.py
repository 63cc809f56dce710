"""The result of an evaluation, and its JSON, which is checked on reading because people may edit the file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from exemplar.data.errors import EvaluationDamaged
from exemplar.retrieval.evaluation.metrics import METRICS
from exemplar.retrieval.evaluation.protocols import RELEVANT_FOUND, TITLES, EvaluationProtocol
from exemplar.retrieval.evaluation.reading import CURVE_POINTS, READING_METRICS
from exemplar.retrieval.evaluation.to_the_end import STARTS, Start

MIN_QUERIES = 20  # a set with fewer does not count in a mean over sets

_PROTOCOLS: tuple[EvaluationProtocol, ...] = get_args(EvaluationProtocol)
_P_VALUE = "p_against_"
_NUMBER = (int, float)

# The keys of the JSON, in the order of the fields of the classes.
_RESULT = {"command": str, "date": str, "sets": list, "gains": list}
_SET = {
    "name": str,
    "model": str,
    "precision": str,
    "documents": int,
    "passages": int,
    "judgements": str,
    "judged_queries": int,
    "judgements_of_missing_documents": int,
    "results": list,
}
_RANKER = {"protocol": str, "round": int, "ranker": str, "queries": int, "metrics": dict}
_END = {
    "start": str,
    "page": int,
    "ranker": str,
    "queries": int,
    "seeds": int,
    "metrics": dict,
    "curve": list,
}
_GAIN = {"protocol": str, "round": int, "ranker": str, "against": str, "sets": int, "gain": _NUMBER}


@dataclass(frozen=True, slots=True)
class MetricEstimate:
    """A mean over queries with its 95% bootstrap interval, and p-values against other rankers.

    Attributes
    ----------
    low, high
        Ends of the interval; None if the queries are too few.
    p_values
        Those of paired t-tests, by the other ranker; None if the queries are too few.
    """

    mean: float
    low: float | None = None
    high: float | None = None
    p_values: Mapping[str, float | None] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the estimate as JSON."""
        p_values = {f"{_P_VALUE}{ranker}": p for ranker, p in self.p_values.items()}
        return {"mean": self.mean, "low": self.low, "high": self.high} | p_values

    @classmethod
    def from_json(cls, content: Any, metric: str) -> "MetricEstimate":
        """Return the estimate of a metric in JSON; raises EvaluationDamaged."""
        [mean] = _values(content, {"mean": _NUMBER}, metric)
        low, high = _interval(content)
        if not all(isinstance(p, (*_NUMBER, type(None))) for key, p in content.items() if key.startswith("p_")):
            raise EvaluationDamaged(f"a p-value of {metric} is not a number")
        p_values = {key.removeprefix(_P_VALUE): p for key, p in content.items() if key.startswith(_P_VALUE)}
        return cls(mean, low, high, p_values)


@dataclass(frozen=True, slots=True)
class RankerResult:
    """The metrics of a ranker on a set in one round of a protocol."""

    protocol: EvaluationProtocol
    round: int
    ranker: str
    n_queries: int
    metrics: Mapping[str, MetricEstimate]

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON."""
        metrics = {metric: estimate.to_json() for metric, estimate in self.metrics.items()}
        return _json(_RANKER, self.protocol, self.round, self.ranker, self.n_queries, metrics)

    @classmethod
    def from_json(cls, content: Any) -> "RankerResult":
        """Return the result in JSON; raises EvaluationDamaged."""
        protocol, number, ranker, n_queries, metrics = _values(content, _RANKER, "a result")
        if protocol not in _PROTOCOLS or ranker not in TITLES:
            raise EvaluationDamaged(f"there is no protocol '{protocol}', or no ranker '{ranker}'")
        names = (RELEVANT_FOUND,) if protocol == "own loop" else METRICS
        estimates = {name: MetricEstimate.from_json(metrics.get(name), name) for name in names}
        return cls(protocol, number, ranker, n_queries, estimates)


@dataclass(frozen=True, slots=True)
class EndResult:
    """The metrics of a ranker that read a set to the end from one start.

    Attributes
    ----------
    page
        Documents of a page.
    n_seeds
        Readings of a query, each with other documents known at the start.
    curve
        The mean recall after 0, 1, ..., 100 percent of the documents are read.
    """

    start: Start
    page: int
    ranker: str
    n_queries: int
    n_seeds: int
    metrics: Mapping[str, MetricEstimate]
    curve: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON."""
        metrics = {metric: estimate.to_json() for metric, estimate in self.metrics.items()}
        counts = (self.n_queries, self.n_seeds)
        return _json(_END, self.start, self.page, self.ranker, *counts, metrics, list(self.curve))

    @classmethod
    def from_json(cls, content: Any) -> "EndResult":
        """Return the result in JSON; raises EvaluationDamaged."""
        start, page, ranker, n_queries, n_seeds, metrics, curve = _values(content, _END, "a reading to the end")
        if start not in STARTS or ranker not in TITLES:
            raise EvaluationDamaged(f"there is no start '{start}', or no ranker '{ranker}'")
        if len(curve) != CURVE_POINTS or not all(isinstance(recall, _NUMBER) for recall in curve):
            raise EvaluationDamaged(f"a curve of recall has not {CURVE_POINTS} numbers")
        estimates = {name: MetricEstimate.from_json(metrics.get(name), name) for name in READING_METRICS}
        return cls(start, page, ranker, n_queries, n_seeds, estimates, tuple(curve))


@dataclass(frozen=True, slots=True)
class SetResult:
    """The result of one corpus.

    Attributes
    ----------
    judgements
        The kind of judgements in words.
    n_missing
        The number of judgements of documents that the corpus does not have.
    """

    name: str
    model: str
    precision: str
    n_documents: int
    n_passages: int
    judgements: str
    n_judged_queries: int
    n_missing: int
    results: tuple[RankerResult, ...]
    to_the_end: tuple[EndResult, ...] = ()

    def last_round(self, protocol: EvaluationProtocol) -> tuple[RankerResult, ...]:
        """Return the results of all rankers in a protocol's last round; empty if no query counts."""
        results = [result for result in self.results if result.protocol == protocol]
        last = max((result.round for result in results), default=0)
        return tuple(result for result in results if result.round == last)

    def read_from(self, start: Start) -> tuple[EndResult, ...]:
        """Return the results of all rankers that read from a start; empty if none did, or no query counts."""
        return tuple(result for result in self.to_the_end if result.start == start)

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON."""
        about = (self.name, self.model, self.precision, self.n_documents, self.n_passages)
        judged = (self.judgements, self.n_judged_queries, self.n_missing)
        content = _json(_SET, *about, *judged, [result.to_json() for result in self.results])
        if self.to_the_end:
            content["to_the_end"] = [result.to_json() for result in self.to_the_end]
        return content

    @classmethod
    def from_json(cls, content: Any) -> "SetResult":
        """Return the result in JSON; raises EvaluationDamaged."""
        *facts, results = _values(content, _SET, "a set")
        if not results:
            raise EvaluationDamaged("a set has no results")
        to_the_end = content.get("to_the_end", [])  # which files of earlier versions do not have
        if not isinstance(to_the_end, list):
            raise EvaluationDamaged("the readings to the end of a set are no list")
        read = tuple(map(EndResult.from_json, to_the_end))
        return cls(*[*facts, tuple(map(RankerResult.from_json, results)), read])


@dataclass(frozen=True, slots=True)
class Gain:
    """The gain of a ranker's mean nDCG@10 over the sets against a baseline's, as a fraction.

    Attributes
    ----------
    low, high
        Ends of the 95% bootstrap interval; None if the queries are too few.
    losing
        The share of the queries that lose more than 0.05, a mean over the sets; None in files of earlier versions.
    """

    protocol: str
    round: int
    ranker: str
    against: str
    n_sets: int
    gain: float
    low: float | None
    high: float | None
    losing: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the gain as JSON."""
        compared = (self.protocol, self.round, self.ranker, self.against, self.n_sets)
        return _json(_GAIN, *compared, self.gain) | {"low": self.low, "high": self.high, "losing": self.losing}

    @classmethod
    def from_json(cls, content: Any) -> "Gain":
        """Return the gain in JSON; raises EvaluationDamaged."""
        facts = _values(content, _GAIN, "a gain")
        if content["against"] not in TITLES:
            raise EvaluationDamaged(f"there is no ranker '{content['against']}'")
        losing = content.get("losing")
        if losing is not None and not isinstance(losing, _NUMBER):
            raise EvaluationDamaged(f"the share of losing queries is {losing!r:.100}")
        return cls(*[*facts, *_interval(content), losing])


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """The result of one evaluation: its command, its date (ISO 8601), and its figures."""

    command: str
    date: str
    sets: tuple[SetResult, ...]
    gains: tuple[Gain, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON."""
        sets, gains = ([part.to_json() for part in parts] for parts in (self.sets, self.gains))
        return _json(_RESULT, self.command, self.date, sets, gains)

    def to_bytes(self) -> bytes:
        """Return the result as the content of a file."""
        return (json.dumps(self.to_json(), indent=1, allow_nan=False) + "\n").encode()

    @classmethod
    def from_json(cls, content: Any) -> "EvaluationResult":
        """Return the result in JSON.

        Raises
        ------
        EvaluationDamaged
            A value that a report shows is missing, or has the wrong type.
        """
        command, date, sets, gains = _values(content, _RESULT, "the evaluation")
        if not sets:
            raise EvaluationDamaged("it has no sets")
        result = cls(command, date, tuple(map(SetResult.from_json, sets)), tuple(map(Gain.from_json, gains)))
        result._check_sets()
        return result

    def _check_sets(self) -> None:
        """Raise EvaluationDamaged if sets with results of a protocol differ in its rounds, pages or rankers."""
        for protocol in _PROTOCOLS:
            measured = (
                tuple((result.round, result.ranker) for result in of_set.results if result.protocol == protocol)
                for of_set in self.sets
            )
            if len(set(filter(None, measured))) > 1:
                raise EvaluationDamaged(f"the sets differ in rounds or rankers of the protocol {protocol}")
        for start in STARTS:
            read = (tuple((result.page, result.ranker) for result in of_set.read_from(start)) for of_set in self.sets)
            if len(set(filter(None, read))) > 1:
                raise EvaluationDamaged(f"the sets differ in pages or rankers of reading {STARTS[start]}")


def _json(shape: Mapping[str, Any], *values: Any) -> dict[str, Any]:
    return dict(zip(shape, values, strict=True))


def _values(content: Any, shape: Mapping[str, Any], what: str) -> list[Any]:
    """Return the values of a JSON object in the order of a shape; raises EvaluationDamaged."""
    if not isinstance(content, dict):
        raise EvaluationDamaged(f"{what} is missing")
    for key, kind in shape.items():
        if not isinstance(content.get(key), kind):
            raise EvaluationDamaged(f"{what} has no {key.replace('_', ' ')}, or one of the wrong type")
    return [content[key] for key in shape]


def _interval(content: Mapping[str, Any]) -> tuple[float | None, float | None]:
    low, high = content.get("low", ""), content.get("high", "")
    if (low, high) != (None, None) and not (isinstance(low, _NUMBER) and isinstance(high, _NUMBER)):
        raise EvaluationDamaged(f"an interval goes from {low!r} to {high!r}")
    return low, high
