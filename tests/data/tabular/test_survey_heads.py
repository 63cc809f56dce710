"""Heads of surveys: Qualtrics describes its columns in three rows, SurveyMonkey in two."""

from pathlib import Path

import openpyxl
import pytest

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.tabular.survey_heads import SurveyHead, survey_head
from tests.support.reading import documents, problems, read

IMPORT_IDS = ['{"ImportId":"startDate","timeZone":"Z"}', '{"ImportId": "_recordId"}', '{"ImportId":"QID2_TEXT"}']
NAMES = ["StartDate", "ResponseId", "Q2_TEXT"]
QUESTIONS = ["Start Date", "Response ID", "What could\nbe better?"]
TOLD = "it describes the columns of a survey"


def sheet(path: Path, *rows: list[str | None]) -> str:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    made.save(path)
    return str(path)


def quoted(*rows: list[str]) -> str:
    return "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("below", "n_rows", "questions"),
    [
        (
            [QUESTIONS, IMPORT_IDS],
            2,
            {"StartDate": "Start Date", "ResponseId": "Response ID", "Q2_TEXT": "What could be better?"},
        ),
        ([IMPORT_IDS, ["2024", "R_1", "Long queues"]], 1, {}),
        (
            [["Start Date", "Response ID", "Why?"], ["2024", "R_1", "x"]],
            1,
            {"StartDate": "Start Date", "ResponseId": "Response ID", "Q2_TEXT": "Why?"},
        ),
        ([["2024-01-01", "R_1", "Long queues"]], 0, {}),
        ([["", "", ""]], 0, {}),
        ([], 0, {}),
    ],
)
def test_rows_of_qualtrics_that_describe_columns_are_known(
    below: list[list[str]], n_rows: int, questions: dict[str, str]
) -> None:
    assert survey_head(NAMES, below) == SurveyHead(NAMES, n_rows, questions)


def test_names_of_survey_monkey_are_questions_and_answers() -> None:
    first = ["Respondent ID", "Collector ID", "What could be better?", "How did you hear of us?", "", ""]
    second = ["", "", "Open-Ended Response", "Friend", "Poster", "Other (please specify)"]
    of_question = "How did you hear of us?"
    assert survey_head(first, [second]) == SurveyHead(
        [*first[:3], f"{of_question} - Friend", f"{of_question} - Poster", f"{of_question} - Other (please specify)"], 1
    )


def test_a_second_row_with_blanks_is_a_row_in_other_tables() -> None:
    assert survey_head(["id", "answer"], [["", "Response"]]) == SurveyHead(["id", "answer"])


def test_the_head_of_a_survey_is_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "survey.csv"
    path.write_text(quoted(NAMES, QUESTIONS, IMPORT_IDS, ["2024", "R_1", "Long queues"]))
    source = read(str(path), text_column="Q2_TEXT", id_column="ResponseId")
    assert documents(source) == [Document("R_1", "Long queues", (), {"StartDate": "2024"})]
    assert problems(source) == [Problem("line 2", TOLD), Problem("line 4", TOLD)]
    assert [problem.cells["Q2_TEXT"] for problem in problems(source)] == [QUESTIONS[2], IMPORT_IDS[2]]


def test_a_survey_without_a_usual_name_says_which_question_has_the_longest_answers(tmp_path: Path) -> None:
    path = tmp_path / "survey.csv"
    path.write_text(quoted(NAMES, QUESTIONS, IMPORT_IDS, ["2024-02-01 10:00:00", "R_1", "The queues are too long"]))
    with pytest.raises(ExemplarError) as told:
        read(str(path))
    assert str(told.value) == (
        f"say which column of {path} holds the text; its columns are: StartDate, ResponseId, Q2_TEXT; "
        "the longest texts are in 'Q2_TEXT' (What could be better?)"
    )


def test_the_head_of_a_survey_in_a_workbook_is_left_out_and_told(tmp_path: Path) -> None:
    path = sheet(tmp_path / "survey.xlsx", NAMES, QUESTIONS, IMPORT_IDS, ["2024-02-01", "R_1", "The queues are long"])
    source = read(path, text_column="Q2_TEXT", id_column="ResponseId")
    assert documents(source) == [Document("R_1", "The queues are long", (), {"StartDate": "2024-02-01"})]
    assert problems(source) == [Problem("line 2", TOLD), Problem("line 3", TOLD)]
    assert [problem.cells["Q2_TEXT"] for problem in problems(source)] == [QUESTIONS[2], IMPORT_IDS[2]]
    assert [problem.line for problem in problems(source)] == [2, 3]
    with pytest.raises(ExemplarError, match=r"the longest texts are in 'Q2_TEXT' \(What could be better\?\)$"):
        read(path)


def test_a_survey_in_a_workbook_needs_no_name_over_each_of_its_answers(tmp_path: Path) -> None:
    own: list[str | None] = ["Respondent ID", "Collector ID"]
    options = [f"Answer {number}" for number in range(20)]
    path = sheet(
        tmp_path / "survey.xlsx",
        [*own, "Why?", "Which?"],
        [None, None, "Open-Ended Response", *options],
        ["1", "2", "Long queues", *(option if option == "Answer 7" else None for option in options)],
        ["2", "2", "Bad food", *options],
    )
    source = read(path, text_column="Why?", id_column="Respondent ID")
    assert source.columns() == (*own, "Why?", *(f"Which? - {option}" for option in options))
    assert [(each.doc_id, each.text) for each in documents(source)] == [("1", "Long queues"), ("2", "Bad food")]
    assert documents(source)[0].metadata == {"Collector ID": "2", "Which? - Answer 7": "Answer 7"}
    assert problems(source) == [Problem("line 2", TOLD)]
