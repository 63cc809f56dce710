"""Two readers in a real browser, with the real model over the demo corpus: reasons, comparison, join, a conflict."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.steps import (
    LEARNED,
    expect_listed,
    expect_marks,
    mark,
    open_popover,
    order,
    row,
    search,
    settle,
    tool,
    view,
)

pytestmark = [pytest.mark.e2e, pytest.mark.model]

QUERY = "fill missing values"


def read(page: Page, reader: str, name: str, how: str) -> None:
    """Give a name, and mark a row in its name."""
    with open_popover(page, "Settings"):
        box = page.get_by_role("textbox", name="Your name")
        box.fill(reader)
        box.press("Enter")
        settle(page)
    mark(page, name, how)
    expect_marks(page, **({"positive": 1} if how == "Relevant" else {"negative": 1}))
    settle(page)


def test_settings_that_are_opened_late_keep_the_name(visitor: Page) -> None:
    search(visitor, QUERY)
    expect_listed(visitor)
    read(visitor, "ann", order(visitor)[0], "Relevant")
    visitor.reload()
    expect_listed(visitor)
    for name in ("Screen", "Lists"):
        view(visitor, name)
    with open_popover(visitor, "Settings"):
        expect(visitor.get_by_role("textbox", name="Your name")).to_have_value("ann")
        expect(visitor.get_by_role("radio", name="Two")).to_be_checked()


def exclude(page: Page, name: str, reason: str) -> None:
    """Choose a reason in the note of a row."""
    page.get_by_role("button", name="1 marked: show").click()
    row(page, name).locator(".exl-text").click()
    page.get_by_role("button", name="Note", exact=True).click()
    page.get_by_role("combobox", name="Reason why it is not relevant").select_option(reason)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".exl-open")).to_contain_text(f"Reason: {reason}")
    settle(page)


def test_two_readers_are_compared_and_their_conflict_is_settled(visitor: Page) -> None:
    search(visitor, QUERY)
    expect_listed(visitor)
    title = order(visitor)[0]
    read(visitor, "ann", title, "Relevant")
    tool(visitor, "New").click()
    expect(visitor.get_by_role("list", name=LEARNED)).to_have_count(0)
    search(visitor, QUERY)
    expect_listed(visitor)
    read(visitor, "bob", title, "Not relevant")
    exclude(visitor, title, "wrong outcome")

    visitor.get_by_role("link", name="Sessions").click()
    expect(visitor.get_by_role("heading", name="Sessions")).to_be_visible()
    settle(visitor)
    tool(visitor, "Compare").click()
    expect(visitor.get_by_text("ends their blindness")).to_be_visible()
    expect(visitor.get_by_text("Agreement")).to_have_count(0)
    tool(visitor, "Compare the marks").click()
    expect(visitor.get_by_text("Agreement 0.0%. Cohen's kappa 0.00")).to_be_visible()
    tool(visitor, "Join").click()
    expect(visitor.get_by_text("Joined into a new session: 1 conflict waits under Marks.")).to_be_visible()
    settle(visitor)
    visitor.keyboard.press("Escape")
    visitor.locator(".st-key-open").get_by_role("button").click()

    expect_listed(visitor)
    expect_marks(visitor, unsure=1)
    with open_popover(visitor, "Marks"):
        expect(
            visitor.get_by_text(re.compile("Conflict: bob: not relevant .wrong outcome.; ann: relevant"))
        ).to_have_count(2)
        tool(visitor, "Not relevant").click()
        expect(visitor.get_by_text("The readers disagree.")).to_have_count(0)
        settle(visitor)
    expect_marks(visitor, negative=1)
