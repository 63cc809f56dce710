"""Evaluations that are kept, the JSON of one result in a file of its own.

::

    <home>/evaluations/20261125T140322123456Z.json    named by when it was written
"""

import json
import math
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from exemplar.data.errors import EvaluationDamaged
from exemplar.data.home import home_folder, write_atomically
from exemplar.retrieval.evaluation.result import EvaluationResult

_TIME = "%Y%m%dT%H%M%S%fZ"
_MAX_DIGITS = 15  # of a whole number


@dataclass(frozen=True, slots=True)
class SavedEvaluation:
    """An evaluation that is kept.

    Attributes
    ----------
    name
        Of its file, without the ending.
    result
        None if the file is damaged.
    problem
        What is wrong with a damaged file, in words.
    """

    name: str
    result: EvaluationResult | None
    problem: str = ""

    @property
    def time(self) -> str:
        """When it was written, in ISO 8601; the date of the result if the file's name is no time."""
        with suppress(ValueError):
            return datetime.strptime(self.name, _TIME).replace(tzinfo=UTC).isoformat()
        return self.result.date if self.result else ""

    @property
    def n_queries(self) -> dict[str, int]:
        """How many queries were measured, by the name of the corpus."""
        return {each.name: each.results[0].n_queries for each in self.result.sets} if self.result else {}


def evaluations_folder() -> Path:
    """Return where evaluations are kept."""
    return home_folder() / "evaluations"


def save_evaluation(result: EvaluationResult) -> str:
    """Keep a result; return its name."""
    folder = evaluations_folder()
    folder.mkdir(parents=True, exist_ok=True)
    name = datetime.now(UTC).strftime(_TIME)
    write_atomically(folder / f"{name}.json", result.to_bytes())
    return name


def saved_evaluations() -> list[SavedEvaluation]:
    """Return all that are kept, the newest first, damaged ones among them."""
    evaluations = []
    for path in sorted(evaluations_folder().glob("*.json"), reverse=True):
        try:
            evaluations.append(SavedEvaluation(path.stem, read_evaluation(path)))
        except FileNotFoundError:  # removed meanwhile
            continue
        except (EvaluationDamaged, OSError) as error:
            evaluations.append(SavedEvaluation(path.stem, None, str(error)))
    return evaluations


def remove_evaluation(name: str) -> None:
    """Remove an evaluation that is kept; do nothing if it is gone already."""
    if re.search(r"[/\\]", name):
        raise ValueError(f"'{name}' is no name of an evaluation")
    (evaluations_folder() / f"{name}.json").unlink(missing_ok=True)


def read_evaluation(path: Path) -> EvaluationResult:
    """Return the result in a file.

    Raises
    ------
    EvaluationDamaged
        It is no JSON, or not that of an evaluation.
    """
    try:
        content = json.loads(path.read_bytes(), parse_constant=_refuse, parse_float=_number, parse_int=_integer)
        return EvaluationResult.from_json(content)
    except RecursionError:
        raise EvaluationDamaged(f"{path} is nested too deeply") from None
    except ValueError as error:  # the parser's as well
        raise EvaluationDamaged(f"{path} does not hold an evaluation: {error}") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no figure")


def _number(figure: str) -> float:
    return float(figure) if math.isfinite(float(figure)) else _refuse(figure)


def _integer(figure: str) -> int:
    return int(figure) if len(figure) <= _MAX_DIGITS else _refuse(figure)
