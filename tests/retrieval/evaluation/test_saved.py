from dataclasses import replace
from pathlib import Path

import pytest

from exemplar.data.errors import EvaluationDamaged
from exemplar.retrieval.evaluation.result import EvaluationResult
from exemplar.retrieval.evaluation.saved import (
    SavedEvaluation,
    evaluations_folder,
    read_evaluation,
    remove_evaluation,
    save_evaluation,
    saved_evaluations,
)
from tests.support.paths import ROOT

README_RESULT = ROOT / "benchmarks" / "evaluation.json"


@pytest.fixture
def result() -> EvaluationResult:
    """What the command wrote for the README."""
    return read_evaluation(README_RESULT)


def write(name: str, content: bytes) -> Path:
    evaluations_folder().mkdir(parents=True, exist_ok=True)
    path = evaluations_folder() / f"{name}.json"
    path.write_bytes(content)
    return path


def test_what_is_kept_is_what_the_command_writes_the_newest_first(result: EvaluationResult) -> None:
    assert saved_evaluations() == []
    one = replace(result, sets=result.sets[:1])
    names = [save_evaluation(result), save_evaluation(one)]
    assert saved_evaluations() == [SavedEvaluation(names[1], one), SavedEvaluation(names[0], result)]
    assert (evaluations_folder() / f"{names[0]}.json").read_bytes() == README_RESULT.read_bytes()
    assert sorted(path.name for path in evaluations_folder().iterdir()) == [f"{name}.json" for name in names]


def test_a_saved_evaluation_has_its_time_and_its_corpora(result: EvaluationResult) -> None:
    assert SavedEvaluation("20261125T140322123456Z", result).time == "2026-11-25T14:03:22.123456+00:00"
    assert SavedEvaluation("by-hand", result).time == result.date
    assert SavedEvaluation("by-hand", replace(result, sets=result.sets[:2])).n_queries == {"cranfield": 50, "cisi": 50}
    damaged = SavedEvaluation("by-hand", None, "broken")
    assert (damaged.time, damaged.n_queries) == ("", {})


def test_one_is_removed_and_no_other_file(result: EvaluationResult, home: Path) -> None:
    names = [save_evaluation(result), save_evaluation(result)]
    remove_evaluation(names[0])
    remove_evaluation(names[0])
    assert [saved.name for saved in saved_evaluations()] == names[1:]
    (home / "other.json").write_text("mine")
    with pytest.raises(ValueError, match="'../other' is not the name of an evaluation"):
        remove_evaluation("../other")
    assert (home / "other.json").exists()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "Expecting value"),
        (b"\xff\xfe\x00", "decode"),
        (b"[]", "the evaluation is missing"),
        (b"{}", "the evaluation has no command"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"command": NaN}', "NaN is not a valid figure"),
        (b'{"command": 1e999}', "1e999 is not a valid figure"),
        (b'{"command": 12345678901234567890}', "12345678901234567890 is not a valid figure"),
    ],
)
def test_a_damaged_file_is_named_and_left(content: bytes, problem: str) -> None:
    path = write("broken", content)
    with pytest.raises(EvaluationDamaged, match=problem):
        read_evaluation(path)
    [saved] = saved_evaluations()
    assert (saved.name, saved.result) == ("broken", None)
    assert str(path) in saved.problem
    assert path.read_bytes() == content


def test_a_fault_of_the_program_is_not_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a fault")

    monkeypatch.setattr(EvaluationResult, "from_json", fail)
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(ValueError, match="^a fault$"):
        read_evaluation(tmp_path / "a.json")
