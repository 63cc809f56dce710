"""Tables that Streamlit draws on a canvas: what people click there, found by what screen readers read."""

import contextlib
import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.steps import settle

_ROW = 35  # pixels; so is the line of headings
_TRIES = 5


def click_cell(table: Locator, text: str, x: float) -> None:
    """Click into the row that holds a cell of a text, so far from the table's left side."""
    cells = table.locator("canvas [role=gridcell]")
    cell = cells.filter(has_text=re.compile(f"^{re.escape(text)}$")).first
    expect(cell).to_be_attached()
    row = int((cell.get_attribute("id") or "").rpartition("-")[2])
    selected = table.locator(f"canvas [id^=glide-cell-][id$='-{row}'][aria-selected=true]")
    for _ in range(_TRIES):  # a table that is just being drawn, or that a dialog still covers, takes no click
        table.click(position={"x": x, "y": _ROW * (row + 1.5)})
        with contextlib.suppress(AssertionError):
            expect(selected.first).to_be_attached(timeout=2_000)
            return
    raise AssertionError(f"the row of {text} takes no click")


def click_row(page: Page, text: str, x: float = 120) -> None:
    """Click into the row of the page's first table that holds a cell of a text."""
    settle(page)
    click_cell(page.get_by_test_id("stDataFrame").first, text, x)
    settle(page)
