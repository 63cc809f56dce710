"""Every page by the rules of WCAG 2.1 A and AA, as far as a program can tell, in light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.steps import column, mark, marks, order, settle

pytestmark = [pytest.mark.e2e, pytest.mark.model]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}

STANDS = """() => document.getAnimations().every(
  (each) => each.playState != "running" || each.effect.getComputedTiming().endTime == Infinity)"""


def violations(page: Page) -> list[str]:
    settle(page)
    expect(page.locator("[data-stale=true]")).to_have_count(0)  # what goes fades first
    page.wait_for_function(STANDS)
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule(browser: Browser, app_url: str, scheme: str) -> None:
    page = browser.new_context(color_scheme=scheme, viewport={"width": 1440, "height": 1000}).new_page()
    page.goto(f"{app_url}/?corpus=docs&q=fill+missing+values")
    expect(column(page, "anchored")).to_have_count(10)
    chosen = order(page, "anchored")[2]
    mark(page, "anchored", chosen, "Relevant")
    expect(marks(page)).to_have_text([chosen])
    found = {}
    parts = {"Results": ".st-key-column-anchored", "Mark next": ".st-key-next-margin", "Why": ".st-key-why-chart"}
    for view, part in parts.items():
        page.get_by_role("radio", name=view).click()
        expect(page.locator(part)).to_be_visible()
        found[view] = violations(page)
    for title in ("Sessions", "Corpora", "Evaluate"):
        page.get_by_role("link", name=title).click()
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        found[title] = violations(page)
    assert {place: each for place, each in found.items() if each} == {}
    page.context.close()
