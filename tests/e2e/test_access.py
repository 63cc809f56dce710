"""Every page by the rules of WCAG 2.1 A and AA, as far as a program can tell, in light and dark."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.steps import (
    expect_listed,
    expect_marks,
    leave,
    mark,
    marks_drawer,
    open_popover,
    order,
    row,
    rows,
    search,
    settle,
    show_marked,
    view,
)

pytestmark = [pytest.mark.e2e, pytest.mark.model]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
OF_COLOURS = {"type": "rule", "values": ["color-contrast"]}
DARK = "matchMedia('(prefers-color-scheme: dark)').matches"
POPOVER = "[data-testid=stPopoverBody]"

STANDS = """() => document.getAnimations().every(
  (each) => each.playState != "running" || each.effect.getComputedTiming().endTime == Infinity)"""


def violations(page: Page, within: str | None = None) -> list[str]:
    """Return what breaks a rule on a page, or in an element of it; in the dark, where colours alone differ, of these.

    What is drawn anew in the meantime fades, and is looked at again.
    """
    only = OF_COLOURS if page.evaluate(DARK) else RULES
    for _ in range(3):
        settle(page)
        expect(page.locator("[data-stale=true]")).to_have_count(0)  # what goes fades first
        page.wait_for_function(STANDS)
        found = (
            Axe()
            .run(page, context=within, options={"runOnly": only, "resultTypes": ["violations"]})
            .response["violations"]
        )
        if not found:
            break
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule(browser: Browser, app_url: str, scheme: str) -> None:
    page = browser.new_context(color_scheme=scheme, viewport={"width": 1440, "height": 1000}).new_page()
    found = {}
    page.goto(f"{app_url}/?corpus=docs")
    expect(page.locator(".st-key-beginning")).to_be_visible()
    found["before the first query"] = violations(page)

    search(page, "fill missing values")
    for n, how in ((1, "Relevant"), (2, "Not relevant")):
        mark(page, order(page)[n], how)
        expect_marks(page, positive=1, negative=n - 1)
    for each in ("Mark next", "Why", "Screen"):
        view(page, each)
        expect(
            page.get_by_role("listitem").or_(page.locator(".st-key-why-chart .role-mark path")).first
        ).to_be_visible()
        found[each] = violations(page)
    expect(page.get_by_role("group", name=re.compile("^Text of "))).to_be_visible()
    view(page, "Lists")
    show_marked(page)
    expect(rows(page).nth(9)).to_be_visible()
    found["Lists"] = violations(page)
    first = order(page)[0]
    row(page, first).click()
    whole = row(page, first).get_by_role("group", name=f"Text of {first}")
    expect(whole.get_by_role("mark").first).to_be_visible()
    found["an open row"] = violations(page)
    leave(page)
    for popover in ("Filters", "Export, import", "Settings", "Keys"):
        with open_popover(page, popover):
            found[popover] = violations(page, POPOVER)
    with marks_drawer(page) as lines:
        expect(lines).to_have_count(2)
        found["Marks"] = violations(page, POPOVER)
    with open_popover(page, "Settings"):
        page.get_by_text("Comfortable rows").click()
        expect(page.locator(".exl[data-height=comfortable]")).to_be_visible()
    expect_listed(page)
    found["comfortable rows"] = violations(page)
    search(page, "plot a histogram")
    expect(page.get_by_role("button", name="Add to this search")).to_be_visible()
    found["the question about marks"] = violations(page)
    for title in ("Sessions", "Corpora", "Evaluate"):
        page.get_by_role("link", name=title).click()
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        found[title] = violations(page)
    assert {place: each for place, each in found.items() if each} == {}
    page.context.close()
