"""The search page as people use it: marks, undo, filters, pages, keys, links, and several tabs."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Serve
from tests.e2e.steps import column, mark, marks, open_popover, order, row, search, settle, tool

pytestmark = [pytest.mark.e2e, pytest.mark.model]


def test_undo_and_redo_take_the_ranking_back_and_forth(visitor: Page) -> None:
    search(visitor, "fill missing values")
    expect(column(visitor, "anchored")).to_have_count(10)
    unmarked = order(visitor, "anchored")
    expect(tool(visitor, "Undo")).to_be_disabled()
    mark(visitor, "anchored", unmarked[5], "Relevant")
    expect(column(visitor, "anchored")).not_to_have_text(unmarked)
    marked = order(visitor, "anchored")
    mark(visitor, "knn", order(visitor, "knn")[9], "Not relevant")
    expect(marks(visitor)).to_have_count(2)
    twice = order(visitor, "anchored")

    tool(visitor, "Undo").click()
    expect(marks(visitor)).to_have_text([unmarked[5]])
    expect(column(visitor, "anchored")).to_have_text(marked)
    tool(visitor, "Undo").click()
    expect(marks(visitor)).to_have_count(0)
    expect(column(visitor, "anchored")).to_have_text(unmarked)
    expect(tool(visitor, "Undo")).to_be_disabled()

    tool(visitor, "Redo").click()
    tool(visitor, "Redo").click()
    expect(column(visitor, "anchored")).to_have_text(twice)
    expect(tool(visitor, "Redo")).to_be_disabled()
    visitor.reload()
    expect(column(visitor, "anchored")).to_have_text(twice)
    tool(visitor, "Undo").click()
    expect(column(visitor, "anchored")).to_have_text(marked)


def test_marks_survive_a_server_that_is_killed(page: Page, app_url: str, serve: Serve) -> None:
    with serve() as (url, server):
        page.goto(f"{url}/?corpus=docs")
        search(page, "group rows and sum them")
        expect(column(page, "anchored")).to_have_count(10)
        chosen = order(page, "anchored")[3]
        mark(page, "anchored", chosen, "Relevant")
        expect(marks(page)).to_have_text([chosen])
        marked, query = order(page, "anchored"), page.url.partition("?")[2]
        server.kill()
    with serve() as (url, _):
        page.goto(f"{url}/?{query}")
        expect(marks(page)).to_have_text([chosen])
        expect(column(page, "anchored")).to_have_text(marked)
        expect(page.get_by_role("textbox", name="Search")).to_have_value("group rows and sum them")


def test_filter_then_mark_and_the_mark_belongs_to_the_row_under_the_cursor(visitor: Page) -> None:
    search(visitor, "mean of an array")
    expect(column(visitor, "anchored")).to_have_count(10)
    everything = order(visitor, "anchored")
    with open_popover(visitor, "Filters"):
        visitor.get_by_role("combobox", name="Label").click()
        visitor.get_by_role("option", name="numpy", exact=True).click()
        expect(visitor.get_by_text(re.compile(r"filters: label numpy"))).to_be_visible()
        visitor.keyboard.press("Escape")
    expect(column(visitor, "anchored").filter(has_text=re.compile("^numpy"))).to_have_count(10)
    filtered = order(visitor, "anchored")
    assert filtered != everything
    assert all(doc_id.startswith("numpy.") for doc_id in order(visitor, "knn"))

    mark(visitor, "anchored", filtered[4], "Relevant")
    expect(marks(visitor)).to_have_text([filtered[4]])
    settle(visitor)
    visitor.locator(".st-key-pages").get_by_role("button", name="Page 2", exact=True).click()
    expect(visitor.locator(".st-key-column-anchored .ex-rank").first).to_have_text("11")
    second_page = order(visitor, "anchored")
    assert not set(second_page) & set(filtered[:3])
    mark(visitor, "anchored", second_page[6], "Not relevant")
    expect(marks(visitor)).to_have_text([filtered[4], second_page[6]])
    visitor.get_by_role("button", name="Filters (1)").click()
    visitor.get_by_role("button", name="Clear filters").click()
    expect(visitor.get_by_text(re.compile(r"filters: label"))).to_have_count(0)
    expect(marks(visitor)).to_have_text([filtered[4], second_page[6]])


def test_with_the_keyboard_alone(visitor: Page) -> None:
    settle(visitor)
    expect(visitor.get_by_role("textbox", name="Search")).to_be_visible()
    visitor.wait_for_function("window.exemplarKeyboard?.listening")
    visitor.locator("body").press("/")
    expect(visitor.get_by_role("textbox", name="Search")).to_be_focused()
    visitor.keyboard.type("read a csv file")
    visitor.keyboard.press("Enter")
    expect(column(visitor, "anchored")).to_have_count(10)
    unmarked = order(visitor, "anchored")
    visitor.keyboard.press("Escape")
    visitor.keyboard.press("j")
    visitor.keyboard.press("j")
    lit = visitor.locator("[data-lit] .ex-id")
    expect(lit).to_have_text(unmarked[1])
    visitor.keyboard.press("+")
    expect(marks(visitor)).to_have_text([unmarked[1]])
    settle(visitor)
    expect(lit).to_have_text(unmarked[1])
    visitor.keyboard.press("u")
    expect(marks(visitor)).to_have_count(0)
    visitor.keyboard.press("Shift+U")
    expect(marks(visitor)).to_have_text([unmarked[1]])
    settle(visitor)
    visitor.keyboard.press("h")
    knn = order(visitor, "knn")
    across = knn.index(unmarked[1]) if unmarked[1] in knn else 0  # the same document, or the first
    expect(lit).to_have_text(knn[across])
    for _ in range(across + 1):  # one more than there are rows above
        visitor.keyboard.press("k")
    expect(lit).to_have_text(knn[0])
    visitor.keyboard.press("-")
    expect(marks(visitor)).to_have_text([unmarked[1], knn[0]] if knn[0] != unmarked[1] else [knn[0]])
    visitor.keyboard.press("/")
    visitor.keyboard.type("+u")
    expect(visitor.get_by_role("textbox", name="Search")).to_have_value("read a csv file+u")


def test_two_visitors_do_not_see_each_others_marks(visitor: Page, browser: Browser, app_url: str) -> None:
    other = browser.new_context().new_page()
    other.goto(f"{app_url}/?corpus=docs")
    for each in (visitor, other):
        search(each, "sort an array")
        expect(column(each, "anchored")).to_have_count(10)
    unmarked = order(visitor, "anchored")
    mark(visitor, "anchored", unmarked[2], "Relevant")
    expect(marks(visitor)).to_have_text([unmarked[2]])
    mark(other, "anchored", unmarked[7], "Not relevant")
    expect(marks(other)).to_have_text([unmarked[7]])
    assert order(visitor, "anchored") != order(other, "anchored")
    visitor.reload()
    expect(marks(visitor)).to_have_text([unmarked[2]])
    other.context.close()


def test_a_link_reopens_the_view_and_two_tabs_on_it_stay_together(visitor: Page) -> None:
    search(visitor, "join two frames")
    expect(column(visitor, "anchored")).to_have_count(10)
    expect(visitor).to_have_url(re.compile(r"session=.*corpus=docs.*q=join"))
    first = order(visitor, "anchored")[3]
    mark(visitor, "anchored", first, "Relevant")
    expect(marks(visitor)).to_have_text([first])
    marked = order(visitor, "anchored")

    tab = visitor.context.new_page()
    tab.goto(visitor.url)
    expect(tab.get_by_role("textbox", name="Search")).to_have_value("join two frames")
    expect(column(tab, "anchored")).to_have_text(marked)
    second = marked[8]
    mark(tab, "anchored", second, "Not relevant")
    expect(marks(tab)).to_have_text([first, second])
    visitor.get_by_role("radio", name="Why").click()
    expect(marks(visitor)).to_have_text([first, second])
    tab.close()


def test_the_address_of_a_query_alone_searches_for_it_and_back_returns(visitor: Page, app_url: str) -> None:
    visitor.goto(f"{app_url}/?corpus=docs&q=matrix+inverse")
    expect(column(visitor, "knn")).to_have_count(10)
    first = order(visitor, "knn")
    search(visitor, "random numbers")
    expect(visitor).to_have_url(re.compile("q=random"))
    expect(column(visitor, "knn")).not_to_have_text(first)
    settle(visitor)
    visitor.go_back()
    expect(column(visitor, "knn")).to_have_text(first)
    expect(visitor.get_by_role("textbox", name="Search")).to_have_value("matrix inverse")


def test_a_point_of_the_plane_shows_its_document_to_mark(visitor: Page) -> None:
    search(visitor, "rolling mean")
    expect(column(visitor, "anchored")).to_have_count(10)
    first = order(visitor, "anchored")[0]
    mark(visitor, "anchored", first, "Relevant")
    expect(marks(visitor)).to_have_text([first])
    settle(visitor)
    visitor.get_by_role("radio", name="Why").click()
    points = visitor.locator(".st-key-why-chart .mark-symbol.role-mark path")
    expect(points.last).to_be_visible()
    settle(visitor)
    shown = visitor.locator("[class*='st-key-row-why']")
    points.last.click()  # what is marked is drawn last
    expect(shown).to_have_count(1)
    expect(shown.locator(".ex-id")).to_have_text(first)
    shown.get_by_role("button", name="Not relevant", exact=True).click()
    expect(shown.locator(".ex-marked")).to_have_text("not relevant")
    expect(marks(visitor)).to_have_text([first])


def test_what_is_best_marked_next_gives_way_to_others_when_it_is(visitor: Page) -> None:
    search(visitor, "plot a histogram")
    expect(column(visitor, "anchored")).to_have_count(10)
    visitor.get_by_role("radio", name="Mark next").click()
    suggested = visitor.locator(".st-key-next-disagreement .ex-id")
    expect(suggested).to_have_count(4)
    first = suggested.all_inner_texts()
    settle(visitor)
    visitor.locator(".st-key-next-disagreement").get_by_role("button", name="Relevant", exact=True).first.click()
    expect(marks(visitor)).to_have_text([first[0]])
    expect(suggested).to_have_count(4)
    expect(suggested).not_to_have_text(first)
    settle(visitor)
    assert first[0] not in suggested.all_inner_texts()


def test_a_mark_leads_to_its_row_wherever_it_ranks(visitor: Page) -> None:
    search(visitor, "linear regression")
    expect(column(visitor, "anchored")).to_have_count(10)
    settle(visitor)
    visitor.locator(".st-key-pages").get_by_role("button", name="Page 3", exact=True).click()
    expect(visitor.locator(".st-key-column-anchored .ex-rank").first).to_have_text("21")
    far = order(visitor, "anchored")[9]
    mark(visitor, "anchored", far, "Not relevant")
    expect(marks(visitor)).to_have_text([far])
    settle(visitor)
    visitor.locator(".st-key-pages").get_by_role("button", name="Page 1", exact=True).click()
    expect(visitor.locator(".st-key-column-anchored .ex-rank").first).to_have_text("1")
    settle(visitor)
    visitor.get_by_test_id("stSidebar").get_by_role("button", name="Go to row").click()
    expect(visitor.locator("[data-lit] .ex-id")).to_have_text(far)
    expect(visitor.locator("[data-lit]")).to_be_in_viewport()


def test_sentences_that_carried_a_row_are_marked_once_they_are_known(visitor: Page) -> None:
    search(visitor, "fill missing values")
    expect(column(visitor, "anchored")).to_have_count(10)
    settle(visitor)
    carried = visitor.locator(".st-key-column-anchored .ex-carried")
    expect(carried.first).to_be_visible()
    doc_id = order(visitor, "anchored")[0]
    first = row(visitor, "anchored", doc_id)
    text = first.locator(".ex-text").inner_text()
    assert first.locator(".ex-carried").first.inner_text() in text
