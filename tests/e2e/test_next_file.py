"""October's file is marked, and November's file goes on with the same search, in a real browser with the real model."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.steps import (
    expect_listed,
    expect_marks,
    mark,
    open_popover,
    order,
    row,
    search,
    settle,
)
from tests.support.command_line import run
from tests.support.real_builds import build_in_home
from tests.support.servers import serving

pytestmark = [pytest.mark.e2e, pytest.mark.model]

HEARTS = ("arterial pressure", "salt intake", "stroke", "beta blockers", "kidney function", "exercise")
ROADS = ("traffic jams", "road surfaces", "bicycle lanes", "parking fees", "bus timetables", "street lamps")
PEOPLE = ("older adults", "women", "children", "night workers")
MINORS = "children"  # whom this search is not about
N_MARKS = 20


def rows_of(month: str, people: tuple[str, ...]) -> list[list[str]]:
    topics = [("Heart", "in patients with hypertension", each) for each in HEARTS]
    topics += [("Road", "in large cities", each) for each in ROADS]
    return [
        [f"{month}-{number}", f"{kind}: {each}, {who}, {month}", f"A study of {each} {where} among {who}.", month]
        for number, (kind, where, each, who) in enumerate((*topic, who) for topic in topics for who in people)
    ]


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["id", "title", "abstract", "month"], *rows])


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    october, november = rows_of("october", PEOPLE), rows_of("november", PEOPLE[:2])
    both = [["november-again", *october[0][1:3], "november"]]  # a text of both months
    paths = {month: tmp_path / f"{month}.csv" for month in ("october", "november")}
    write(paths["october"], october)
    write(paths["november"], [*november, *both])
    return paths


@pytest.fixture
def url(home: Path, files: dict[str, Path]) -> Iterator[str]:
    for month, path in files.items():
        build_in_home(str(home), path, month)
    with serving(home) as server:
        yield server.url
    assert "Traceback" not in server.log.read_text()


def table(path: Path) -> list[dict[str, object]]:
    sheet = openpyxl.load_workbook(path).worksheets[0]
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def test_november_goes_on_with_the_search_of_october(
    page: Page, url: str, files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page.goto(f"{url}/?corpus=october")
    search(page, "blood pressure treatment")
    expect_listed(page)
    marks: dict[str, str] = {}
    while len(marks) < N_MARKS:
        name = order(page, n=1)[0]
        marks[name] = "Relevant" if name.startswith("Heart") and MINORS not in name else "Not relevant"
        mark(page, name, marks[name])
        n_relevant = list(marks.values()).count("Relevant")
        expect_marks(page, positive=n_relevant, negative=len(marks) - n_relevant)
        expect(row(page, name)).to_have_count(0)

    settle(page)
    page.locator(".st-key-session_menu").get_by_role("button").first.click()
    page.get_by_role("button", name="Save this search, or use it elsewhere").click()
    dialog = page.get_by_role("dialog", name="Use a search elsewhere")
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Save this search").click()
    saved = tmp_path / "search.json"
    download.value.save_as(saved)
    assert len(json.loads(saved.read_text(encoding="utf-8"))["marks"]) == N_MARKS

    dialog.get_by_role("combobox", name="Use this search on another corpus").click()
    page.get_by_role("option", name="november").click()
    dialog.get_by_role("button", name="Begin a session there").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("textbox", name="Search")).to_have_value("blood pressure treatment")
    expect(page).to_have_url(re.compile("corpus=november"))
    expect_marks(page, positive=n_relevant, negative=N_MARKS - n_relevant)
    shown = order(page)
    assert shown[0].startswith("Heart")

    with open_popover(page, "Export, import"):
        page.get_by_role("radio", name="Excel").click()
        page.get_by_role("button", name="Prepare the file").click()
        link = page.get_by_role("link", name=re.compile("^Download november.*xlsx"))
        expect(link).to_be_visible()
        with page.expect_download() as download:
            link.click()
    download.value.save_as(tmp_path / "november.xlsx")
    exported = table(tmp_path / "november.xlsx")
    assert {row["title"]: row["mark"] for row in exported if row["mark"]} == {
        name: how.lower() for name, how in marks.items()
    }
    ranked = {row["title"]: row["anchored_rank"] for row in exported if row["month"] == "november"}
    assert sorted(ranked.values()) == list(range(1, 26)), "what is marked, and hidden on the page, has its rank too"
    unmarked = [title for title in ranked if title not in marks]
    assert sorted(unmarked, key=ranked.__getitem__)[: len(shown)] == shown

    out = tmp_path / "ranked.xlsx"
    code, output, _ = run(capsys, "apply", str(saved), str(files["november"]), "--out", str(out))
    assert (code, "Among your marked rows" in output) == (0, True)
    by_weights = table(out)
    assert [row["rank"] for row in by_weights] == list(range(1, 26))
    assert str(by_weights[0]["title"]).startswith("Heart")
