"""Sessions and files in a real browser, with the real model over the demo corpus."""

import re
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.steps import column, mark, marks, open_popover, order, search, settle, tool

pytestmark = [pytest.mark.e2e, pytest.mark.model]


def mark_third(page: Page) -> str:
    """Mark the third row of the right column as relevant; return its doc_id."""
    doc_id = order(page, "anchored")[2]
    mark(page, "anchored", doc_id, "Relevant")
    expect(marks(page)).to_have_text([doc_id])
    settle(page)
    return doc_id


def exported(page: Page, kind: str, folder: Path) -> Path:
    """Export the rankings as a file of a kind."""
    with open_popover(page, "Export, import"):
        page.get_by_role("radio", name=kind).click()
        button = page.locator(f".st-key-export-{kind.replace(' ', '-')}").get_by_role("button", name="Download")
        expect(button).to_be_visible()
        settle(page)
        with page.expect_download() as download:
            button.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    assert path.stem == "docs-rankings"
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
    expect(column(visitor, "anchored")).to_have_count(10)
    marked = mark_third(visitor)
    knn, anchored = order(visitor, "knn"), order(visitor, "anchored")

    readers = {
        "CSV": pd.read_csv,
        "JSON Lines": lambda path: pd.read_json(path, lines=True),
        "Parquet": pd.read_parquet,
    }
    for kind, read in readers.items():
        frame = read(exported(visitor, kind, tmp_path))
        assert frame.sort_values("knn_rank")["doc_id"].tolist()[:10] == knn
        assert frame.sort_values("anchored_rank")["doc_id"].tolist()[:10] == anchored
        assert frame.loc[frame["mark"].notna(), ["doc_id", "mark"]].to_numpy().tolist() == [[marked, "relevant"]]
        assert frame[["knn_score", "anchored_score"]].notna().all(axis=None)
        assert frame["knn_rank"].max() == frame["anchored_rank"].max() == 100

    relevant, not_relevant = [each for each in knn if each != marked][:2]
    file = tmp_path / "more.csv"
    file.write_text(f"doc_id,mark\n{relevant},yes\n{not_relevant},no\nnowhere,yes\n")
    with open_popover(visitor, "Export, import"):
        settle(visitor)
        visitor.locator("input[type=file]").set_input_files(file)
        expect(visitor.get_by_text("Took in marks from more.csv: 1 as relevant, 1 as not relevant.")).to_be_visible()
    expect(marks(visitor)).to_have_text([marked, relevant, not_relevant])
    tool(visitor, "Undo").click()
    expect(marks(visitor)).to_have_text([marked])
    expect(column(visitor, "anchored")).to_have_text(anchored)


def test_a_session_is_named_copied_opened_and_deleted(visitor: Page) -> None:
    search(visitor, "sort rows by value")
    expect(column(visitor, "anchored")).to_have_count(10)
    marked = mark_third(visitor)
    ranked = order(visitor, "anchored")

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
    expect(marks(visitor)).to_have_text([marked])
    expect(column(visitor, "anchored")).to_have_text(ranked)
    settle(visitor)
    visitor.get_by_role("button", name="Clear all marks").click()
    expect(marks(visitor)).to_have_count(0)

    box = sessions(visitor)
    expect(box).to_have_value(re.compile("^Sorting <b>, copy · docs"))
    press(visitor, "delete")
    dialog = visitor.get_by_role("dialog")
    expect(dialog).to_contain_text("Sorting <b>, copy is deleted for good.")
    dialog.get_by_role("button", name="Delete it").click()
    expect(dialog).to_have_count(0)
    expect(box).to_have_value(re.compile("^Sorting <b> · docs"))
    press(visitor, "open")
    expect(marks(visitor)).to_have_text([marked])  # the copy's marks were its own
    expect(column(visitor, "anchored")).to_have_text(ranked)


def test_a_link_opens_the_same_view_in_a_new_tab(visitor: Page) -> None:
    search(visitor, "matrix decomposition")
    expect(column(visitor, "anchored")).to_have_count(10)
    marked = mark_third(visitor)
    ranked = order(visitor, "anchored")
    expect(visitor).to_have_url(re.compile(r"session=[\w-]+&corpus=docs&q=matrix"))

    other = visitor.context.new_page()
    other.goto(visitor.url)
    expect(marks(other)).to_have_text([marked])
    expect(column(other, "anchored")).to_have_text(ranked)
    expect(other.get_by_role("textbox", name="Search")).to_have_value("matrix decomposition")
    assert other.url == visitor.url
    other.close()
