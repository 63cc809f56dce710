"""A table that is another one every week, in a real browser: a mark stands on the text it was made on, or on none."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.steps import LEARNED, SIMILAR, mark, marks_drawer, names, open_popover, rows, search, settle, show_marked
from tests.support.command_line import run
from tests.support.real_builds import build_in_home
from tests.support.servers import serving

pytestmark = [pytest.mark.e2e, pytest.mark.model]

PARCEL, INVOICE, APP = (
    "The parcel came two weeks late.",
    "My invoice shows the wrong sum.",
    "The app crashes when I open the map.",
)
WEEKS = [
    [PARCEL, INVOICE, APP],
    [PARCEL, "Do you also sell gift cards?", APP],
    ["Your shop smells of fresh bread.", "How do I change my password?", "The lamp flickers at night."],
]
ANOTHER = ["The train was crowded.", "The hotel was loud.", PARCEL]
MINUS = "\N{MINUS SIGN}"
GONE, ELSEWHERE = "not in this corpus", "made on another corpus of this name"
NOTICE = "This session began on another corpus named week, which was removed or replaced since."


@pytest.fixture
def build(home: Path, tmp_path: Path) -> Callable[..., None]:
    """Build texts without ids, in a file, as the corpus "week"."""

    def build_week(texts: list[str], file: str = "week.csv") -> None:
        path = tmp_path / file
        path.write_text("\n".join(["text", *texts]) + "\n")
        build_in_home(str(home), path, "week")

    return build_week


def marked_rows(page: Page, title: str = LEARNED) -> dict[str, str]:
    """Return the text of every row of a list that shows a mark, by its id."""
    expect(rows(page, title)).to_have_count(3)
    settle(page)
    marked = rows(page, title).and_(page.get_by_role("listitem", name=re.compile(", marked (not )?relevant$"))).all()
    return {each.locator(".exl-title").inner_text(): each.locator(".exl-text").inner_text() for each in marked}


def expect_lines(page: Page, *lines: str) -> None:
    """Look into the drawer of the marks: it says this, the newest first."""
    with marks_drawer(page) as drawn:
        expect(drawn).to_have_text(lines)


def alerts(page: Page) -> Locator:
    """Return the alerts that say something."""
    return page.get_by_role("alert").filter(has_text=re.compile(r"\S"))


def export(page: Page, folder: Path) -> Path:
    """Export the marks alone as CSV."""
    with open_popover(page, "Export, import"):
        page.get_by_role("combobox", name="Rows").click()
        page.get_by_role("option", name="All rows with a mark or a note").click()
        button = page.locator(".st-key-export-csv-marked").get_by_role("button", name="Download")
        expect(button).to_be_visible()
        settle(page)
        with page.expect_download() as download:
            button.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def rows_of(path: Path) -> list[list[str]]:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    return frame[["doc_id", "text", "mark", "mark_state", "mark_origin"]].to_numpy().tolist()


def test_a_mark_stands_on_its_text_or_on_none(
    page: Page, build: Callable[..., None], home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(WEEKS[0])
    with serving(home) as server:
        url = server.url
        page.goto(f"{url}/?corpus=week")
        search(page, "a complaint")
        expect(rows(page)).to_have_count(3)
        mark(page, "1", "Relevant")
        expect_lines(page, f"+ 1 {INVOICE}")
        mark(page, "0", "Not relevant")
        expect_lines(page, f"{MINUS} 0 {PARCEL}", f"+ 1 {INVOICE}")
        expect(names(page)).to_have_text(["2"])
        show_marked(page)
        assert marked_rows(page) == marked_rows(page, SIMILAR) == {"1": INVOICE, "0": PARCEL}

        build(WEEKS[1])
        page.reload()
        expect_lines(page, f"{MINUS} 0 {PARCEL}", f"+ 1 {GONE} {INVOICE}")
        assert marked_rows(page) == marked_rows(page, SIMILAR) == {"0": PARCEL}
        assert sorted(names(page, SIMILAR).all_inner_texts()) == ["0", "1.2", "2"]

        build(WEEKS[2])
        for _ in range(2):
            page.reload()
            expect_lines(page, f"{MINUS} 0 {GONE} {PARCEL}", f"+ 1 {GONE} {INVOICE}")
            assert marked_rows(page) == marked_rows(page, SIMILAR) == {}
        expect(alerts(page)).to_have_count(0)
        exported = export(page, tmp_path)
        assert rows_of(exported) == [
            ["1", INVOICE, "relevant", GONE, ""],
            ["0", PARCEL, "not relevant", GONE, ""],
        ]

        assert run(capsys, "corpora", "remove", "week", "--yes")[0] == 0
        build(ANOTHER, file="another.csv")
        lost = f"1 ({pd.read_csv(exported)['text_hash'][0][:8]})"
        kept = [f"{MINUS} 2 {ELSEWHERE} {PARCEL}", f"+ {lost} {GONE}, {ELSEWHERE} {INVOICE}"]
        for _ in range(2):
            page.reload()
            expect(alerts(page)).to_contain_text(NOTICE)
            expect_lines(page, *kept)
            assert marked_rows(page) == marked_rows(page, SIMILAR) == {"2": PARCEL}
        mark(page, "1", "Relevant")  # whose id the lost mark had
        expect_lines(page, f"+ 1 {ANOTHER[1]}", *kept)
        assert marked_rows(page) == {"1": ANOTHER[1], "2": PARCEL}
        exported = export(page, tmp_path)
        assert rows_of(exported) == [
            ["1", ANOTHER[1], "relevant", "", ""],
            ["2", PARCEL, "not relevant", "", ELSEWHERE],
            [lost, INVOICE, "relevant", GONE, ELSEWHERE],
        ]
        assert "began on another corpus named week" in run(capsys, "corpora", "show", "week")[1]

        page.get_by_role("link", name="Sessions").click()
        expect(alerts(page)).to_contain_text(NOTICE)  # the lists of the page before have an empty one

        page.goto(f"{url}/?corpus=week&q=a+complaint&session=fresh")
        expect(rows(page)).to_have_count(3)
        expect(alerts(page)).to_have_count(0)
        with open_popover(page, "Export, import"):
            page.locator("input[type=file]").set_input_files(exported)
            page.get_by_role("button", name="Take them in").click()
            expect(page.get_by_text("1 of them on texts that this corpus does not have.")).to_be_visible()
        expect_lines(page, f"{MINUS} 2 {PARCEL}", f"+ {lost} {GONE} {INVOICE}", f"+ 1 {ANOTHER[1]}")
        show_marked(page)
        assert marked_rows(page, SIMILAR) == {"1": ANOTHER[1], "2": PARCEL}
    assert "Traceback" not in server.log.read_text()
