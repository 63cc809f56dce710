"""Sessions and files in a real browser, with the real model over the demo corpus."""

import re
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.steps import (
    LEARNED,
    SIMILAR,
    expect_drawer,
    expect_listed,
    expect_marks,
    expect_order,
    mark,
    marks_drawer,
    open_popover,
    order,
    search,
    settle,
    tool,
)
from tests.e2e.tables import click_row

pytestmark = [pytest.mark.e2e, pytest.mark.model]


def mark_third(page: Page) -> str:
    """Mark the third row of the right list as relevant; return its doc_id."""
    doc_id = order(page)[2]
    mark(page, doc_id, "Relevant")
    expect_marks(page, positive=1)
    settle(page)
    return doc_id


FORMATS = {"CSV": "csv", "JSON Lines": "jsonl", "Parquet": "parquet"}


def exported(page: Page, kind: str, folder: Path) -> Path:
    """Export the rankings as a file of a kind: at once, or prepared first."""
    with open_popover(page, "Export, import"):
        page.get_by_role("radio", name=kind, exact=True).click()
        if kind == "Excel":
            settle(page)
            page.get_by_role("button", name="Prepare the file").click()
            button = page.get_by_role("link", name=re.compile(r"^Download docs-.*\.xlsx"))
        else:
            button = page.locator(f".st-key-export-{FORMATS[kind]}-all").get_by_role("button", name="Download")
        expect(button).to_be_visible()
        settle(page)
        with page.expect_download() as download:
            button.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    assert re.fullmatch(r"docs-fill-missing-values-\d{4}-\d\d-\d\d", path.stem)
    return path


def sessions(page: Page) -> Locator:
    """Go to the sessions page; return the box in which one is chosen."""
    page.get_by_role("link", name="Sessions").click()
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    settle(page)
    return page.get_by_role("combobox", name="Session")


def press(page: Page, key: str) -> None:
    settle(page)
    page.locator(f".st-key-{key}").get_by_role("button").click()


def test_rankings_and_marks_are_exported_and_marks_taken_in_again(visitor: Page, tmp_path: Path) -> None:
    search(visitor, "fill missing values")
    marked = mark_third(visitor)
    knn, anchored = order(visitor, SIMILAR), order(visitor, LEARNED)

    readers = {
        "CSV": pd.read_csv,
        "Excel": lambda path: pd.read_excel(path, engine="openpyxl"),
        "JSON Lines": lambda path: pd.read_json(path, lines=True),
        "Parquet": pd.read_parquet,
    }
    for kind, read in readers.items():
        frame = read(exported(visitor, kind, tmp_path))
        unmarked = frame[frame["mark"].isna()]
        assert unmarked.sort_values("knn_rank")["doc_id"].tolist()[:10] == knn
        assert unmarked.sort_values("anchored_rank")["doc_id"].tolist()[:10] == anchored
        assert frame.loc[frame["mark"].notna(), ["doc_id", "mark"]].to_numpy().tolist() == [[marked, "relevant"]]
        assert frame[["knn_score", "anchored_score"]].notna().all(axis=None)
        assert frame["knn_rank"].max() == frame["anchored_rank"].max()
        assert len(frame) == 1300, "every row"

    relevant, not_relevant = [each for each in knn if each != marked][:2]
    file = tmp_path / "more.csv"
    file.write_text(f"doc_id,mark\n{relevant},yes\n{not_relevant},no\nnowhere,yes\n")
    with open_popover(visitor, "Export, import"):
        settle(visitor)
        visitor.locator("input[type=file]").set_input_files(file)
        expect(visitor.get_by_text("New here: 2;")).to_be_visible()
        expect(visitor.get_by_text("nowhere (line 4): this corpus does not have it")).to_be_visible()
        expect_marks(visitor, positive=1)  # nothing changes before it is confirmed
        visitor.get_by_role("button", name="Take them in").click()
        expect(visitor.get_by_text("Took in marks from more.csv: 1 as relevant, 1 as not relevant.")).to_be_visible()
    expect_marks(visitor, positive=2, negative=1)
    with marks_drawer(visitor) as lines:
        assert {*lines.locator(".ex-id").all_inner_texts()} == {marked, relevant, not_relevant}
    tool(visitor, "Undo").click()
    expect_marks(visitor, positive=1)
    expect_drawer(visitor, marked)
    expect_order(visitor, anchored)


def test_a_session_is_named_copied_opened_and_deleted(visitor: Page) -> None:
    search(visitor, "sort rows by value")
    marked = mark_third(visitor)
    ranked = order(visitor)

    box = sessions(visitor)
    expect(box).to_have_value(re.compile("sort rows by value · docs"))
    visitor.get_by_role("button", name="Rename").click()
    visitor.get_by_role("textbox", name="Name").fill("Sorting <b>")
    visitor.get_by_role("button", name="Save", exact=True).click()
    expect(box).to_have_value(re.compile("^Sorting <b> · docs"))
    visitor.keyboard.press("Escape")
    press(visitor, "duplicate")
    expect(box).to_have_value(re.compile("^Sorting <b>, copy · docs"))
    visitor.get_by_text("History", exact=True).click()
    expect(visitor.get_by_text(f"marked {marked} as relevant")).to_be_visible()

    press(visitor, "open")
    expect(visitor.get_by_role("textbox", name="Search")).to_have_value("sort rows by value")
    expect_listed(visitor)
    expect_drawer(visitor, marked)
    expect_order(visitor, ranked)
    with marks_drawer(visitor):
        visitor.get_by_role("button", name="Clear all marks").click()
        expect_marks(visitor)

    box = sessions(visitor)
    expect(box).to_have_value(re.compile("^Sorting <b>, copy · docs"))
    press(visitor, "delete")
    dialog = visitor.get_by_role("dialog")
    expect(dialog).to_contain_text("Sorting <b>, copy is deleted for good.")
    dialog.get_by_role("button", name="Delete it").click()
    expect(dialog).to_have_count(0)
    expect(box).to_have_value(re.compile("^Sorting <b> · docs"))
    press(visitor, "open")
    expect_listed(visitor)
    expect_drawer(visitor, marked)  # the copy's marks were its own
    expect_order(visitor, ranked)


def named_sessions(page: Page) -> None:
    """Make three sessions, by their addresses, and go to the list."""
    base = page.url.partition("?")[0]
    for query in ("sort rows", "join tables", "fill gaps"):
        page.goto(f"{base}?corpus=docs&q={query.replace(' ', '+')}")
        expect(page).to_have_url(re.compile("session="))
        settle(page)
    sessions(page)


def test_the_clicked_row_is_opened_and_deleted_and_no_other(visitor: Page) -> None:
    named_sessions(visitor)
    box = visitor.get_by_role("combobox", name="Session")
    expect(box).to_have_value(re.compile("^fill gaps · docs"))
    click_row(visitor, "join tables")
    expect(box).to_have_value(re.compile("^join tables · docs"))
    visitor.keyboard.press("ArrowDown")
    expect(box).to_have_value(re.compile("^sort rows · docs"))
    settle(visitor)
    box.click()
    visitor.keyboard.type("join tables")
    visitor.keyboard.press("Enter")
    expect(box).to_have_value(re.compile("^join tables · docs"))

    press(visitor, "delete")
    dialog = visitor.get_by_role("dialog")
    expect(dialog).to_contain_text("join tables is deleted for good.")
    safe, deleting = dialog.locator(".stButton").get_by_role("button").all()
    expect(safe).to_have_text("Keep it")
    expect(deleting).to_have_text("Delete it")
    expect(deleting).to_have_css("background-color", "rgb(211, 47, 47)")
    expect(safe).not_to_have_css("background-color", "rgb(211, 47, 47)")
    safe.click()
    expect(dialog).to_have_count(0)
    click_row(visitor, "sort rows", 15)
    expect(box).to_have_value(re.compile("^sort rows · docs"))
    press(visitor, "delete")
    expect(dialog).to_contain_text("sort rows is deleted for good.")
    dialog.get_by_role("button", name="Delete it").click()
    expect(dialog).to_have_count(0)
    settle(visitor)
    cells = visitor.locator("canvas [role=gridcell]")
    expect(cells.filter(has_text=re.compile("^join tables$")).first).to_be_attached()
    expect(cells.filter(has_text=re.compile("^sort rows$"))).to_have_count(0)

    click_row(visitor, "join tables")
    expect(box).to_have_value(re.compile("^join tables · docs"))
    press(visitor, "open")
    expect(visitor).to_have_url(re.compile(r"[?&]q=join\+tables"))
    expect(visitor.get_by_role("textbox", name="Search")).to_have_value("join tables")


def test_a_link_opens_the_same_view_in_a_new_tab(visitor: Page) -> None:
    search(visitor, "matrix decomposition")
    marked = mark_third(visitor)
    ranked = order(visitor)
    expect(visitor).to_have_url(re.compile(r"session=[\w-]+&corpus=docs&q=matrix"))

    other = visitor.context.new_page()
    other.goto(visitor.url)
    expect_listed(other)
    expect_drawer(other, marked)
    expect_order(other, ranked)
    expect(other.get_by_role("textbox", name="Search")).to_have_value("matrix decomposition")
    assert other.url == visitor.url
    other.close()
