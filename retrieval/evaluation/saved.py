"""Evaluations that are kept, each the JSON of one result in a file of its own.

::

    <home>/evaluations/20261125T140322123456Z.json    named by when it was written
"""

import json
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, get_args

from exemplar.data.errors import EvaluationDamaged
from exemplar.data.home import home_folder, write_atomically
from exemplar.retrieval.evaluation.metrics import METRICS
from exemplar.retrieval.evaluation.protocols import FOUND, TITLES, Protocol
from exemplar.retrieval.evaluation.result import as_bytes

_AT = "%Y%m%dT%H%M%S%fZ"
_LONGEST = 16  # digits of a whole number
_NUMBER = (int, float)
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
_ROW = {"protocol": str, "round": int, "ranker": str, "queries": int, "metrics": dict}
_GAIN = {"protocol": str, "ranker": str, "against": str, "sets": int, "gain": _NUMBER}


@dataclass(frozen=True, slots=True)
class Kept:
    """An evaluation that is kept.

    Attributes
    ----------
    name
        Of its file, without the ending.
    result
        None where the file is damaged.
    problem
        What is wrong with a damaged one, in words.
    """

    name: str
    result: dict[str, Any] | None
    problem: str = ""

    @property
    def at(self) -> str:
        """When it was written, an ISO 8601 time; for a file of another name the date of the result."""
        with suppress(ValueError):
            return datetime.strptime(self.name, _AT).replace(tzinfo=UTC).isoformat()
        return str(self.result["date"]) if self.result else ""

    @property
    def sets(self) -> dict[str, int]:
        """How many queries were measured, by the name of the corpus."""
        return {each["name"]: each["results"][0]["queries"] for each in self.result["sets"]} if self.result else {}


def evaluations_folder() -> Path:
    """Return where evaluations are kept."""
    return home_folder() / "evaluations"


def keep(result: dict[str, Any]) -> str:
    """Keep a result; return the name that it goes by."""
    folder = evaluations_folder()
    folder.mkdir(parents=True, exist_ok=True)
    name = datetime.now(UTC).strftime(_AT)
    write_atomically(folder / f"{name}.json", as_bytes(result))
    return name


def kept_evaluations() -> list[Kept]:
    """Return all that are kept, the newest first, damaged ones among them."""
    found = []
    for path in sorted(evaluations_folder().glob("*.json"), reverse=True):
        try:
            found.append(Kept(path.stem, read_result(path)))
        except FileNotFoundError:  # removed meanwhile
            continue
        except (EvaluationDamaged, OSError) as error:
            found.append(Kept(path.stem, None, str(error)))
    return found


def remove_evaluation(name: str) -> None:
    """Remove one that is kept; nothing is done if it is gone already."""
    if re.search(r"[/\\]", name):
        raise ValueError(f"'{name}' is no name of an evaluation")
    (evaluations_folder() / f"{name}.json").unlink(missing_ok=True)


def read_result(path: Path) -> dict[str, Any]:
    """Return the result in a file.

    Raises
    ------
    EvaluationDamaged
        It is no JSON, or not that of an evaluation.
    """
    try:
        result: Any = json.loads(path.read_bytes(), parse_constant=_refuse, parse_float=_number, parse_int=_integer)
        _check(result)
    except RecursionError:
        raise EvaluationDamaged(f"{path} is nested too deeply") from None
    except ValueError as error:
        raise EvaluationDamaged(f"{path} does not hold an evaluation: {error}") from error
    return result  # type: ignore[no-any-return]


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no figure")


def _number(figure: str) -> float:
    return float(figure) if math.isfinite(float(figure)) else _refuse(figure)


def _integer(figure: str) -> int:
    return int(figure) if len(figure) < _LONGEST else _refuse(figure)


def _check(result: Any) -> None:
    """Raise ValueError where something lacks that a report tells."""
    _check_shape(result, _RESULT, "the evaluation")
    if not result["sets"]:
        raise ValueError("it has no sets")
    for each in result["sets"]:
        _check_shape(each, _SET, "a set")
        if not each["results"]:
            raise ValueError("a set has no results")
        for row in each["results"]:
            _check_shape(row, _ROW, "a result")
            _check_row(row)
    for protocol in get_args(Protocol):
        found = (
            tuple((row["round"], row["ranker"]) for row in each["results"] if row["protocol"] == protocol)
            for each in result["sets"]
        )
        if len(set(filter(None, found))) > 1:
            raise ValueError(f"the sets differ in rounds or rankers by the protocol {protocol}")
    for each in result["gains"]:
        _check_shape(each, _GAIN, "a gain")
        if each["against"] not in TITLES:
            raise ValueError(f"there is no ranker '{each['against']}'")
        _check_interval(each)


def _check_row(row: Mapping[str, Any]) -> None:
    if row["protocol"] not in get_args(Protocol) or row["ranker"] not in TITLES:
        raise ValueError(f"there is no protocol '{row['protocol']}', or no ranker '{row['ranker']}'")
    for metric in (FOUND,) if row["protocol"] == "own loop" else METRICS:
        values = row["metrics"].get(metric)
        _check_shape(values, {"mean": _NUMBER}, metric)
        _check_interval(values)
        if any(key.startswith("p_") and not isinstance(values[key], (*_NUMBER, type(None))) for key in values):
            raise ValueError(f"a p of {metric} is no number")


def _check_interval(values: Mapping[str, Any]) -> None:
    ends = [values.get("low", ""), values.get("high", "")]
    if ends != [None, None] and not all(isinstance(end, _NUMBER) for end in ends):
        raise ValueError(f"an interval goes from {ends[0]!r} to {ends[1]!r}")


def _check_shape(value: Any, shape: Mapping[str, Any], what: str) -> None:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is missing")
    for key, kind in shape.items():
        if not isinstance(value.get(key), kind):
            raise ValueError(f"{what} has no {key.replace('_', ' ')}, or not of the right kind")
