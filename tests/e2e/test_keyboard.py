"""The script of the keys alone, on a page of two columns."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.paths import ROOT

pytestmark = pytest.mark.e2e

PAGE = """
<div class="st-key-column-knn">
  <p class="st-key-row-knn-a"><span class="ex-id">a</span></p>
  <p class="st-key-row-knn-b"><span class="ex-id">b</span></p>
</div>
<div class="st-key-column-svm">
  <p class="st-key-row-svm-b"><span class="ex-id">b</span></p>
  <p class="st-key-row-svm-c"><span class="ex-id">c</span></p>
</div>
<div class="st-key-keyboard"></div>
"""
START = """async script => {
  const module = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })))
  window.start = (jump = null, n = 0) => module.default({ data: { jump, n } })
}"""


@pytest.fixture
def keys(page: Page) -> Page:
    page.set_content(PAGE)
    page.evaluate(START, (ROOT / "ui" / "search" / "keyboard.js").read_text())
    return page


def test_an_instance_that_ends_late_takes_the_keys_from_no_other(keys: Page) -> None:
    keys.evaluate("() => { const ends = [start(), start()]; ends[0]?.() }")
    keys.keyboard.press("j")
    expect(keys.locator("[data-lit]")).to_have_text("b")
    keys.keyboard.press("j")
    expect(keys.locator("[data-lit]")).to_have_text("c")
    keys.evaluate("document.querySelector('.st-key-keyboard').remove()")  # another page is shown
    keys.keyboard.press("k")
    expect(keys.locator("[data-lit]")).to_have_text("c")


def test_a_key_right_after_a_row_was_drawn_anew_goes_on_from_it(keys: Page) -> None:
    keys.evaluate("() => { start() }")
    keys.keyboard.press("j")
    keys.keyboard.press("h")
    expect(keys.locator(".st-key-column-knn [data-lit]")).to_have_text("b")
    keys.evaluate("""() => {
      const row = document.querySelector(".st-key-row-knn-b")
      row.outerHTML = '<p class="st-key-row-knn-b"><span class="ex-id">b</span></p>'
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }))
    }""")
    expect(keys.locator("[data-lit]")).to_have_text("b")


DRAW = """id => document.querySelector(".st-key-column-svm").insertAdjacentHTML(
  "beforeend", `<p class="st-key-row-svm-${id}"><span class="ex-id">${id}</span></p>`)"""


def test_a_row_that_is_drawn_late_is_gone_to_unless_a_person_went_on(page: Page) -> None:
    page.clock.install()
    page.set_content(PAGE)
    page.evaluate(START, (ROOT / "ui" / "search" / "keyboard.js").read_text())
    page.evaluate("start('late', 1)")
    page.clock.run_for(60_000)
    page.evaluate(DRAW, "late")
    page.clock.run_for(100)
    expect(page.locator("[data-lit]")).to_have_text("late")
    for n, go_on in enumerate((page.locator("p").first.click, lambda: page.keyboard.press("/")), start=2):
        page.evaluate("n => start(`later ${n}`, n)", n)
        go_on()
        page.evaluate(DRAW, f"later {n}")
        page.clock.run_for(100)
        expect(page.locator("[data-lit]")).to_have_text("late")
