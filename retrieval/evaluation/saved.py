"""Saved evaluations, a JSON file for every result.

::

    <home>/evaluations/20261125T140322123456Z.json    named by its time of writing
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
_MAX_DIGITS = 15  # of an integer


@dataclass(frozen=True, slots=True)
class SavedEvaluation:
    """A saved evaluation.

    Attributes
    ----------
    name
        The name of its file, without the suffix.
    result
        None if the file is damaged.
    problem
        The damage of the file in words; empty if it has none.
    """

    name: str
    result: EvaluationResult | None
    problem: str = ""

    @property
    def time(self) -> str:
        """The time of writing in ISO 8601; the date of the result if the file's name is not a time."""
        with suppress(ValueError):
            return datetime.strptime(self.name, _TIME).replace(tzinfo=UTC).isoformat()
        return self.result.date if self.result else ""

    @property
    def n_queries(self) -> dict[str, int]:
        """The number of measured queries by the name of the corpus."""
        return {measured.name: measured.results[0].n_queries for measured in self.result.sets} if self.result else {}


def evaluations_folder() -> Path:
    """Return the folder of saved evaluations."""
    return home_folder() / "evaluations"


def save_evaluation(result: EvaluationResult) -> str:
    """Save a result; return its name."""
    folder = evaluations_folder()
    folder.mkdir(parents=True, exist_ok=True)
    name = datetime.now(UTC).strftime(_TIME)
    write_atomically(folder / f"{name}.json", result.to_bytes())
    return name


def saved_evaluations() -> list[SavedEvaluation]:
    """Return all saved evaluations, damaged ones included, the newest first."""
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
    """Remove a saved evaluation, if it exists."""
    if re.search(r"[/\\]", name):
        raise ValueError(f"'{name}' is not the name of an evaluation")
    (evaluations_folder() / f"{name}.json").unlink(missing_ok=True)


def read_evaluation(path: Path) -> EvaluationResult:
    """Return the result in a file.

    Raises
    ------
    EvaluationDamaged
        The file does not hold the JSON of an evaluation.
    """
    try:
        content = json.loads(
            path.read_bytes(), parse_constant=_refuse, parse_float=_finite_number, parse_int=_bounded_integer
        )
    except RecursionError:
        raise EvaluationDamaged(f"{path} is nested too deeply") from None
    except ValueError as error:
        raise EvaluationDamaged(f"{path} does not hold an evaluation: {error}") from error
    try:
        return EvaluationResult.from_json(content)
    except EvaluationDamaged as error:
        raise EvaluationDamaged(f"{path} does not hold an evaluation: {error}") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a valid figure")


def _finite_number(figure: str) -> float:
    return float(figure) if math.isfinite(float(figure)) else _refuse(figure)


def _bounded_integer(figure: str) -> int:
    return int(figure) if len(figure) <= _MAX_DIGITS else _refuse(figure)
