"""What people do on the pages, for the browser tests: lists, rows and buttons are found by the names that they have."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, expect

FOCUSED = """() => {
  const { activeElement: each } = document
  return each === document.body ? "" : each.getAttribute("aria-label") || each.innerText.trim() || each.tagName
}"""
SIMILAR, LEARNED = "By similarity", "Learned from your marks"


def ranked(page: Page, title: str = LEARNED) -> Locator:
    """Return a list by its title."""
    return page.get_by_role("list", name=title, exact=True)


def rows(page: Page, title: str = LEARNED) -> Locator:
    """Return the rows of a list; of a long one, those in view and a few more."""
    return ranked(page, title).get_by_role("listitem")


def row(page: Page, name: str, title: str = LEARNED) -> Locator:
    """Return the row of a list that has a document's title, or its id if it has none."""
    return ranked(page, title).get_by_role("listitem", name=re.compile(rf"^[\d,]+, {re.escape(name)}(,|$)"))


def names(page: Page, title: str = LEARNED) -> Locator:
    """Return the places of the rows' names, in order."""
    return rows(page, title).locator(".exl-title")


def lit(page: Page) -> Locator:
    """Return the lit row."""
    return page.locator(".exl-row[data-lit]")


def settle(page: Page) -> None:
    """Wait until the page has finished drawing."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def order(page: Page, title: str = LEARNED, n: int = 10) -> list[str]:
    """Return the names of a list's first rows once the page has finished drawing."""
    settle(page)
    expect(names(page, title).nth(n - 1)).to_be_attached()
    expect(names(page, title).filter(has_text=re.compile("^…$"))).to_have_count(0)  # their texts are on the way
    return names(page, title).all_inner_texts()[:n]


def expect_order(page: Page, expected: Sequence[str], title: str = LEARNED) -> None:
    """Wait until a list begins with some rows."""
    for rank, name in enumerate(expected, start=1):
        expect(rows(page, title).nth(rank - 1)).to_have_accessible_name(re.compile(f"^{rank}, {re.escape(name)}(,|$)"))


def expect_listed(page: Page, title: str = LEARNED) -> None:
    """Wait until a list has rows."""
    expect(rows(page, title).first).to_be_visible()


def button(place: Locator, name: str, how: str) -> Locator:
    """Return the button of a row that marks it, or that takes its mark back."""
    return place.get_by_role("button", name=f"{how}: {name}", exact=True)


def mark(page: Page, name: str, how: str, title: str = LEARNED) -> None:
    """Mark a row by mouse, and take the pointer away, for which its list waits."""
    button(row(page, name, title), name, how).click()
    leave(page)


def leave(page: Page) -> None:
    """Take the pointer away from the lists."""
    page.mouse.move(2, 2)


def counts(page: Page) -> Locator:
    """Return what the page says of how many are marked."""
    return page.get_by_text(re.compile(r"^\+[\d,]+ relevant"))


def expect_marks(page: Page, positive: int = 0, negative: int = 0, unsure: int = 0) -> None:
    """Wait until so many marks are saved, and none waits to be."""
    expect(counts(page)).to_contain_text(f"+{positive} relevant −{negative} not relevant ?{unsure} unsure")
    expect(page.locator(".exl-row[aria-busy=true]")).to_have_count(0)


@contextmanager
def marks_drawer(page: Page) -> Iterator[Locator]:
    """Open the drawer of the marks; give its lines, the newest first."""
    with open_popover(page, "Marks"):
        expect(page.get_by_role("button", name="Clear all marks")).to_be_visible()
        yield page.get_by_test_id("stPopoverBody").locator(".ex-mark")


def expect_drawer(page: Page, *doc_ids: str) -> None:
    """Look into the drawer of the marks: it has these, the newest first, and no other."""
    with marks_drawer(page) as lines:
        expect(lines.locator(".ex-id")).to_have_text(doc_ids)


def show_marked(page: Page) -> None:
    """Show marked rows in their places."""
    page.get_by_role("button", name=re.compile(r"^[\d,]+ marked: show$")).click()
    expect(page.get_by_role("button", name=re.compile(r"^[\d,]+ marked: hide$"))).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Marked rows are shown.")).to_be_visible()


def scroll_to(page: Page, rank: int, title: str = LEARNED) -> Locator:
    """Scroll a list down with the wheel, as rows come, until the row of a rank is in view; return it."""
    found = rows(page, title).filter(has=page.locator(".exl-rank", has_text=re.compile(f"^{rank:,}$")))
    rows(page, title).first.hover()
    for _ in range(rank):
        if found.count():
            break
        page.mouse.wheel(0, 52 * 8)
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        settle(page)
    expect(found.locator(".exl-title")).not_to_have_text("…")
    return found


def news(page: Page) -> Locator:
    """Return the line that says what the last mark did."""
    return page.locator(".exl").get_by_role("status")


def tool(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def search(page: Page, query: str) -> None:
    # The page draws the box first; without its button, Enter asks for nothing.
    expect(page.get_by_role("button", name="Search", exact=True)).to_be_visible()
    settle(page)
    box = page.get_by_role("textbox", name="Search")
    box.fill(query)
    box.press("Enter")


def tab_to(page: Page, name: str) -> None:
    """Press Tab until something of a name has the focus."""
    passed = []
    for _ in range(60):
        if name in (focused := page.evaluate(FOCUSED)):
            return
        passed.append(focused)
        page.keyboard.press("Tab")
    pytest.fail(f"{name} is not among {passed}")


def view(page: Page, name: str) -> None:
    """Choose a view."""
    settle(page)
    page.get_by_role("radio", name=name, exact=True).click()
    settle(page)


@contextmanager
def open_popover(page: Page, name: str) -> Iterator[None]:
    settle(page)
    page.locator(".st-key-search-line").get_by_role("button", name=name).click()
    expect(page.get_by_test_id("stPopoverBody")).not_to_be_empty()  # some draw what they hold once they are open
    settle(page)
    yield
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


def choose_label(page: Page, label: str | None) -> None:
    """Let only documents with a label pass; with None, all again."""
    with open_popover(page, "Filters"):
        if label is None:
            page.get_by_role("button", name="Clear filters").click()
        else:
            page.get_by_role("combobox", name="Label").click()
            page.get_by_role("option", name=label, exact=True).click()
            expect(page.get_by_text(re.compile(f"filters: label {re.escape(label)}( ·|$)"))).to_be_visible()
            page.keyboard.press("Escape")  # closes the options
        settle(page)


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
