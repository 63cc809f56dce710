"""What people do on the pages, for the browser tests."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect


def column(page: Page, ranker: str) -> Locator:
    """Return the places of a column's doc_ids, in order."""
    return page.locator(f".st-key-column-{ranker}").locator(".ex-id")


def row(page: Page, ranker: str, doc_id: str) -> Locator:
    """Return the row of a column that shows a doc_id."""
    rows = page.locator(f".st-key-column-{ranker}").locator("[class*='st-key-row-']")
    return rows.filter(has=page.get_by_text(doc_id, exact=True).and_(page.locator(".ex-id")))


def marks(page: Page) -> Locator:
    return page.get_by_test_id("stSidebar").locator(".ex-id")


def mark(page: Page, ranker: str, doc_id: str, how: str) -> None:
    row(page, ranker, doc_id).get_by_role("button", name=how, exact=True).click()


def tool(page: Page, name: str) -> Locator:
    return page.locator(".st-key-tools").get_by_role("button", name=name)


def settle(page: Page) -> None:
    """Wait until the page has finished drawing."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def order(page: Page, ranker: str) -> list[str]:
    """Return the doc_ids of a column once the page has finished drawing."""
    settle(page)
    return column(page, ranker).all_inner_texts()


def search(page: Page, query: str) -> None:
    settle(page)
    box = page.get_by_role("textbox", name="Search")
    box.fill(query)
    box.press("Enter")


@contextmanager
def open_popover(page: Page, name: str) -> Iterator[None]:
    settle(page)
    tool(page, name).click()
    yield
    page.keyboard.press("Escape")


def choose(page: Page, label: str, option: str) -> None:
    """Choose one of a list."""
    settle(page)
    box = page.get_by_role("combobox", name=label, exact=True)
    box.scroll_into_view_if_needed()
    # The list closes as the page scrolls, and a browser tells of that only with the next frame.
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    box.click()
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


def by_path(page: Page) -> None:
    """Go to the form that builds a corpus from a file or folder that is named."""
    settle(page)
    page.get_by_role("link", name="Corpora").click()
    expect(page.get_by_role("heading", name="Build a corpus")).to_be_visible()
    settle(page)
    page.get_by_role("radio", name="File or folder").click()
    expect(page.get_by_role("textbox", name="Path")).to_be_visible()
    settle(page)


def open_settings(page: Page) -> None:
    settle(page)
    page.get_by_test_id("stSidebar").get_by_text("Settings", exact=True).click()
