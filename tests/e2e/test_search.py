"""The search page as people use it: marks, undo, filters, views, keys, links, and several tabs."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Serve
from tests.e2e.steps import (
    LEARNED,
    SIMILAR,
    button,
    choose_label,
    expect_drawer,
    expect_listed,
    expect_marks,
    expect_order,
    lit,
    mark,
    names,
    order,
    ranked,
    row,
    rows,
    scroll_to,
    search,
    settle,
    show_marked,
    tool,
    view,
)
from tests.support.patience import wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.model]


def test_undo_and_redo_take_the_ranking_back_and_forth(visitor: Page) -> None:
    search(visitor, "fill missing values")
    unmarked = order(visitor)
    expect(tool(visitor, "Undo")).to_be_disabled()
    mark(visitor, unmarked[5], "Relevant")
    expect_marks(visitor, positive=1)
    marked = order(visitor)
    assert marked != [name for name in unmarked if name != unmarked[5]][:10]
    mark(visitor, order(visitor, SIMILAR)[9], "Not relevant", SIMILAR)
    expect_marks(visitor, positive=1, negative=1)
    twice = order(visitor)

    tool(visitor, "Undo").click()
    expect_marks(visitor, positive=1)
    expect_order(visitor, marked)
    tool(visitor, "Undo").click()
    expect_marks(visitor)
    expect_order(visitor, unmarked)
    expect(tool(visitor, "Undo")).to_be_disabled()

    tool(visitor, "Redo").dblclick()
    expect_marks(visitor, positive=1, negative=1)
    expect_order(visitor, twice)
    expect(tool(visitor, "Redo")).to_be_disabled()
    visitor.reload()
    expect_order(visitor, twice)
    tool(visitor, "Undo").click()
    expect_marks(visitor, positive=1)
    expect_order(visitor, marked)


def test_marks_survive_a_server_that_is_killed(page: Page, app_url: str, serve: Serve) -> None:
    with serve() as (url, server):
        page.goto(f"{url}/?corpus=docs")
        search(page, "group rows and sum them")
        chosen = order(page)[3]
        mark(page, chosen, "Relevant")
        expect_marks(page, positive=1)
        marked, query = order(page), page.url.partition("?")[2]
        server.kill()
    with serve() as (url, _):
        page.goto(f"{url}/?{query}")
        expect_listed(page)
        expect_drawer(page, chosen)
        expect_order(page, marked)
        expect(page.get_by_role("textbox", name="Search")).to_have_value("group rows and sum them")


def test_filter_then_mark_and_the_mark_belongs_to_the_row_under_the_cursor(visitor: Page) -> None:
    search(visitor, "mean of an array")
    everything = order(visitor)
    choose_label(visitor, "numpy")
    expect(visitor.get_by_text(re.compile("1,300 documents · filters: label numpy"))).to_be_visible()
    expect(names(visitor, SIMILAR).nth(9)).to_be_visible()
    for title in (SIMILAR, LEARNED):
        assert all(name.startswith("numpy.") for name in order(visitor, title, 15))
    filtered = order(visitor)
    assert filtered != everything

    mark(visitor, filtered[4], "Relevant")
    expect_marks(visitor, positive=1)
    below = (scroll_to(visitor, place).locator(".exl-title").inner_text() for place in range(30, 50))
    second = next(name for name in below if name not in filtered)  # a mark may have sent one of these down
    mark(visitor, second, "Not relevant")
    expect_marks(visitor, positive=1, negative=1)
    choose_label(visitor, None)
    expect(visitor.get_by_text(re.compile("filters: label"))).to_have_count(0)
    expect_drawer(visitor, second, filtered[4])


def test_with_the_keyboard_alone(visitor: Page) -> None:
    box = visitor.get_by_role("textbox", name="Search")
    expect(box).to_be_focused()  # from the beginning
    settle(visitor)
    visitor.keyboard.press("Tab")
    expect(box).not_to_be_focused()
    visitor.keyboard.press("/")
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    visitor.keyboard.type("read a csv file")
    visitor.keyboard.press("Enter")
    unmarked = order(visitor)
    expect_listed(visitor)
    visitor.keyboard.press("Escape")
    visitor.keyboard.press("j")
    visitor.keyboard.press("j")
    expect(lit(visitor)).to_have_accessible_name(re.compile(f"^2, {re.escape(unmarked[1])},"))
    expect(lit(visitor)).to_be_focused()
    visitor.keyboard.press("+")
    expect_marks(visitor, positive=1)
    expect(lit(visitor)).to_have_accessible_name(re.compile(rf"^\d+, {re.escape(unmarked[2])},"))  # the next one
    expect(lit(visitor)).to_be_focused()
    visitor.keyboard.press("u")
    expect_marks(visitor)
    expect_order(visitor, unmarked)
    visitor.keyboard.press("Shift+U")
    expect_marks(visitor, positive=1)
    across = lit(visitor).locator(".exl-title").inner_text()
    knn = order(visitor, SIMILAR, 15)
    visitor.keyboard.press("h")
    if across in knn:  # the same document, or the row at the same height
        expect(ranked(visitor, SIMILAR).locator("[data-lit]")).to_have_accessible_name(
            re.compile(rf"^\d+, {re.escape(across)},")
        )
    else:
        expect(ranked(visitor, SIMILAR).locator("[data-lit]")).to_be_focused()
    for _ in range(16):  # more than there are rows above
        visitor.keyboard.press("k")
    expect(lit(visitor)).to_have_accessible_name(re.compile(f"^1, {re.escape(knn[0])},"))
    visitor.keyboard.press("-")
    expect_marks(visitor, positive=1, negative=1)
    expect_drawer(visitor, knn[0], unmarked[1])
    visitor.keyboard.press("/")
    visitor.keyboard.press("End")
    visitor.keyboard.type("+u")
    expect(box).to_have_value("read a csv file+u")
    expect_marks(visitor, positive=1, negative=1)


def test_two_visitors_do_not_see_each_others_marks(visitor: Page, browser: Browser, app_url: str) -> None:
    other = browser.new_context().new_page()
    other.goto(f"{app_url}/?corpus=docs")
    for each in (visitor, other):
        search(each, "sort an array")
    unmarked = order(visitor)
    assert order(other) == unmarked
    mark(visitor, unmarked[2], "Relevant")
    expect_marks(visitor, positive=1)
    mark(other, unmarked[7], "Not relevant")
    expect_marks(other, negative=1)
    assert order(visitor) != order(other)
    visitor.reload()
    expect_drawer(visitor, unmarked[2])
    other.context.close()


def test_a_link_reopens_the_view_and_two_tabs_on_it_stay_together(visitor: Page) -> None:
    search(visitor, "join two frames")
    first = order(visitor)[3]
    expect(visitor).to_have_url(re.compile(r"session=.*corpus=docs.*q=join"))
    mark(visitor, first, "Relevant")
    expect_marks(visitor, positive=1)
    marked = order(visitor)

    tab = visitor.context.new_page()
    tab.goto(visitor.url)
    expect(tab.get_by_role("textbox", name="Search")).to_have_value("join two frames")
    expect_order(tab, marked)
    second = marked[8]
    mark(tab, second, "Not relevant")
    expect_marks(tab, positive=1, negative=1)
    view(visitor, "Why")
    expect_marks(visitor, positive=1, negative=1)
    expect_drawer(visitor, second, first)
    tab.close()


def test_the_address_of_a_query_alone_searches_for_it_and_back_returns(visitor: Page, app_url: str) -> None:
    visitor.goto(f"{app_url}/?corpus=docs&q=matrix+inverse")
    first = order(visitor, SIMILAR)
    search(visitor, "random numbers")
    expect(visitor).to_have_url(re.compile("q=random"))
    expect(names(visitor, SIMILAR).first).not_to_have_text(first[0])
    settle(visitor)
    visitor.go_back()
    expect_order(visitor, first, SIMILAR)
    expect(visitor.get_by_role("textbox", name="Search")).to_have_value("matrix inverse")


def test_the_drawer_has_a_mark_that_is_saved_once_it_is_open(visitor: Page) -> None:
    search(visitor, "fill missing values")
    first, second = order(visitor)[:2]
    mark(visitor, first, "Relevant")
    expect_marks(visitor, positive=1)
    visitor.evaluate("window.exemplarFeed = null")  # what is sent now is lost; it is sent again with the next drawing
    mark(visitor, second, "Not relevant")
    expect_drawer(visitor, second, first)
    expect_marks(visitor, positive=1, negative=1)


@pytest.mark.parametrize("answer", ["A new search", "The same search", "Add to this search"])
def test_another_query_asks_what_becomes_of_the_marks(visitor: Page, answer: str) -> None:
    search(visitor, "rolling mean")
    first = order(visitor)[0]
    mark(visitor, first, "Relevant")
    expect_marks(visitor, positive=1)
    before, address = order(visitor), visitor.url
    search(visitor, "plot a histogram")
    question = visitor.get_by_role("alert").filter(has_text="1 mark was made for “rolling mean”")
    expect(question).to_have_text("1 mark was made for “rolling mean”. What is “plot a histogram”?")
    expect_order(visitor, before)  # nothing moves until it is answered
    assert visitor.url == address
    visitor.get_by_role("button", name=answer).click()
    expect(question).to_have_count(0)
    expect(visitor).to_have_url(re.compile("q=plot"))
    expect_marks(visitor, positive=0 if answer == "A new search" else 1)
    assert (visitor.url.partition("&")[0] == address.partition("&")[0]) == (answer != "A new search")
    both = visitor.get_by_text(re.compile("with 1 earlier query"))
    expect(both).to_have_count(1 if answer == "Add to this search" else 0)
    if answer == "A new search":
        visitor.go_back()
        expect_drawer(visitor, first)
        expect_order(visitor, before)


def test_a_point_of_the_plane_shows_its_document_to_mark(visitor: Page) -> None:
    search(visitor, "rolling mean")
    first = order(visitor)[0]
    mark(visitor, first, "Relevant")
    expect_marks(visitor, positive=1)
    view(visitor, "Why")
    points = visitor.locator(".st-key-why-chart .mark-symbol.role-mark path")
    expect(points.last).to_be_visible()
    expect(visitor.get_by_text("The document of the point that you click stands here.")).to_be_visible()
    points.last.click()  # what is marked is drawn last
    clicked = "The clicked document"
    expect(rows(visitor, clicked)).to_have_count(1)
    expect(names(visitor, clicked)).to_have_text(first)
    button(row(visitor, first, clicked), first, "Not relevant").click()
    expect_marks(visitor, negative=1)
    expect(row(visitor, first, clicked)).to_have_accessible_name(re.compile(", marked not relevant$"))
    expect_drawer(visitor, first)


def test_what_is_best_marked_next_gives_way_to_others_when_it_is(visitor: Page) -> None:
    search(visitor, "plot a histogram")
    expect_listed(visitor)
    view(visitor, "Mark next")
    disagree = "The rankings disagree most"
    first = order(visitor, disagree, 4)
    expect(rows(visitor, "The learned list is least sure").first).to_be_visible()
    mark(visitor, first[0], "Relevant", disagree)
    expect_marks(visitor, positive=1)
    expect(row(visitor, first[0], disagree)).to_have_count(0)
    second = order(visitor, disagree, 4)
    assert second != first
    assert first[0] not in second


def test_a_mark_is_shown_at_its_row_wherever_that_ranks(visitor: Page) -> None:
    search(visitor, "linear regression")
    expect_listed(visitor)
    name = scroll_to(visitor, 30).locator(".exl-title").inner_text()
    mark(visitor, name, "Not relevant")
    expect_marks(visitor, negative=1)
    expect(row(visitor, name)).to_have_count(0)
    show_marked(visitor)
    visitor.reload()
    expect(visitor.get_by_role("button", name="1 marked: hide")).to_be_visible()
    expect_listed(visitor)
    expect(row(visitor, name)).to_have_count(0)  # it is far down
    rows(visitor).first.press("j")

    def is_found_a_page_further() -> bool:
        visitor.keyboard.press("n")
        expect(lit(visitor)).to_be_focused()
        return row(visitor, name).count() > 0

    wait_for(is_found_a_page_further)  # at the last row that has come, the key does nothing
    expect(row(visitor, name)).to_have_accessible_name(re.compile(", marked not relevant$"))
    expect(button(row(visitor, name), name, "Not relevant")).to_have_attribute("aria-pressed", "true")


def test_an_open_row_shows_the_sentences_that_carried_it(visitor: Page) -> None:
    search(visitor, "fill missing values")
    name = order(visitor)[0]
    text = row(visitor, name).locator(".exl-text").inner_text()
    row(visitor, name).click()
    whole = row(visitor, name).get_by_role("group", name=f"Text of {name}")
    carried = whole.get_by_role("mark")
    expect(carried.first).to_be_visible()
    assert carried.first.inner_text() in whole.inner_text()
    assert row(visitor, name).locator(".exl-text").inner_text() == text  # the excerpt stays as it was
    visitor.keyboard.press("Enter")
    expect(whole).to_have_count(0)
