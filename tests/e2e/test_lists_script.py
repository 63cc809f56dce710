"""The script of the lists alone, on a page of its own: what it draws of data, and what it says."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from exemplar.ui.search.lists.component import FRAME, SCRIPT
from exemplar.ui.search.lists.payload import compared
from tests.support.hostile import TEXTS, squeezed
from tests.support.paths import ROOT

pytestmark = pytest.mark.e2e

LISTS = ROOT / "ui" / "search" / "lists"
URL = "http://lists.test/"
TOP = 80  # pixels above the lists: the page's two lines
PAGE = f"""<!doctype html><html lang="en"><title>Lists</title>
<style>body {{ margin: 0; font-family: sans-serif }} header {{ height: {TOP}px }} #mount {{ padding: 0 20px }}</style>
<header><span class="st-key-query_text"><input aria-label="Query"></span>
<span class="st-key-view"><button data-selected>Lists</button><button onclick="said.push('view')">Screen</button></span>
<span class="st-key-keys"><button onclick="said.push('keys')">Keys</button></span>
<div role="dialog"><button id="inside">Inside a dialog</button></div></header>
<main id="mount">{FRAME}</main><script>window.said = []</script></html>"""
START = """async ({ script, style }) => {
  document.head.append(Object.assign(document.createElement("style"), { textContent: style }))
  const module = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })))
  window.sent = []
  window.mount = (data = {}) => module.default({ parentElement: document.querySelector("#mount"), data })
  window.feed = (data) => {
    window.exemplarFeed = { data, send: (message) => sent.push(JSON.parse(JSON.stringify(message))) }
    window.exemplarLists?.draw()
  }
  mount()
}"""
N = 60
Data = dict[str, Any]


def document(row: int, **changes: Any) -> Data:
    texts = {"id": f"docs.{row}", "hash": f"h{row}", "title": f"title {row}", "text": f"This is the text of {row}."}
    return {**texts, "labels": ["pandas"], "copies": 1, "near": False, **changes}


def a_list(ranker: str, title: str, rows: Sequence[int], other: Sequence[int] | None = None, **changes: Any) -> Data:
    there = [other.index(row) + 1 if row in other else 0 for row in rows] if other is not None else []
    choices = [["knn", "kNN"], ["words", "BM25"], ["anchored", "anchored"]]
    side = 0 if ranker == "knn" else 1
    about = {"ranker": ranker, "side": side, "title": title, "small": "kNN · 12 ms", "help": "nearest"}
    shares = [max(0, 90 - n) for n in range(len(rows))]
    places = {"there": there, "compared": [compared(here, rank) for here, rank in enumerate(there, start=1)]}
    drawn = {"rows": rows, "shares": shares, **places, "fresh": [], "total": len(rows), "empty": "Nothing."}
    return {**about, "choices": choices, **drawn, **changes}


def data_of(left: Sequence[int], right: Sequence[int] | None = None, total: int | None = None, **changes: Any) -> Data:
    """Return data with one list or two, whole but for what changes."""
    lists = [a_list("knn", "By similarity", left, right)]
    if right is not None:
        lists.append(a_list("anchored", "Learned from your marks", right, left))
    for each in lists:
        each["total"] = total or each["total"]
    rows = {str(row): document(row) for row in {*left, *(right or ())}}
    where = {"started": "s", "corpus": "c", "place": "p", "session": "S", "corpus_name": "docs", "corpus_id": "C"}
    marks: Data = {
        "marks": {},
        "left": {},
        "opposed": [],
        "notes": {},
        "reasons": {},
        "reason_choices": ["wrong population", "wrong outcome"],
        "fold": False,
        "folded": 0,
        "undo": False,
        "redo": False,
        "returns": [],
        "claim": None,
    }
    said = {"counted": "+0 relevant  −0 not relevant  ?0 unsure", "n_marked": "", "agreement": ["", ""], "news": ""}
    answer: Data = {"answered": 0, "tab": "", "confirmed": [], "failed": {}, "alert": "", "opened": None}
    shape = {"drawing": 1, "view": "lists", "height": "dense", "status": "3,237 documents"}
    return {**where, **shape, **marks, **answer, "lists": lists, "rows": rows, **said, **changes}


def opened(row: int, *parts: tuple[str, str], **changes: Any) -> Data:
    because = [{"row": 4, "title": "fillna", "mark": "positive", "sentence": "Fill missing values."}]
    about = {"because": because, "words": ["missing"], "fields": [["journal", "Nature"]], "cut": ""}
    return {"row": row, "parts": [list(part) for part in parts], **about, **changes}


class Lists:
    """The page, and what a person does and sees there."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.data: Data = {}
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.route(f"{URL}**", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        self.load()

    def load(self) -> None:
        self.page.goto(URL)
        self.page.evaluate(START, {"script": SCRIPT, "style": (LISTS / "lists.css").read_text()})

    def draw(self, data: Data) -> None:
        self.data = data
        self.page.evaluate("data => feed(data)", data)

    def next(self, **changes: Any) -> None:
        """Draw the next data, as the last but for what changes; texts travel once."""
        self.draw(
            {
                **self.data,
                "rows": {},
                "drawing": self.data["drawing"] + 1,
                "confirmed": [],
                "failed": {},
                "alert": "",
                **changes,
            }
        )

    def answer(self, *, failed: dict[str, str] | None = None, **changes: Any) -> None:
        """Answer the last message: its acts are confirmed, but for those that failed."""
        last = self.sent()[-1]
        done = [act["key"] for act in last["acts"] if act["key"] not in (failed or {})]
        answered = {"answered": last["message"], "tab": last["tab"], "confirmed": done, "failed": failed or {}}
        self.next(**{**answered, **changes})

    def sent(self) -> list[Data]:
        return self.page.evaluate("sent")

    def last_act(self) -> Data:
        return self.sent()[-1]["acts"][-1]

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def side(self, side: int) -> Locator:
        return self.page.locator(".exl-list ul").nth(side)

    def row(self, row: int, side: int = 0) -> Locator:
        return self.side(side).locator(f'[data-row="{row}"].exl-row')

    def button(self, row: int, name: str = "Relevant", side: int = 0) -> Locator:
        return self.row(row, side).get_by_role("button", name=re.compile(f"^{name}: "))

    def order(self, side: int = 0) -> list[int]:
        return [int(row) for row in self.side(side).locator("> li").evaluate_all("all => all.map(e => e.dataset.row)")]

    def lit(self) -> tuple[int, int] | None:
        return self.page.evaluate("""() => {
          const row = document.querySelector("[data-lit]")
          const sides = [...document.querySelectorAll(".exl-list")]
          return row && [sides.findIndex((side) => side.contains(row)), Number(row.dataset.row)]
        }""")

    def focused(self) -> str:
        return self.page.evaluate("""() => {
          const at = document.activeElement
          return at === document.body ? "body" : at.dataset.row ?? at.className ?? at.tagName
        }""")


@pytest.fixture(scope="module")
def shared(browser: Browser) -> Iterator[Lists]:
    """One page for all tests that need none of their own: a page a test takes longer than most of the tests."""
    context = browser.new_context()
    yield Lists(context.new_page())
    context.close()


@pytest.fixture
def lists(shared: Lists) -> Iterator[Lists]:
    shared.page.set_viewport_size({"width": 1440, "height": 900})
    shared.page.emulate_media(reduced_motion="reduce")  # so that a row is at once where it belongs
    shared.page.mouse.move(0, 0)
    shared.page.goto(URL)  # away from the script of the last test, before what it stored goes
    shared.page.evaluate("sessionStorage.clear()")
    shared.load()
    shared.data = {}
    shared.errors.clear()
    yield shared
    assert shared.errors == []


@pytest.fixture
def timed(page: Page) -> Iterator[Lists]:
    """The page with a clock that stands still until a test moves it."""
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    found = Lists(page)
    yield found
    assert found.errors == []


def verdicts(lists: Lists, row: int, side: int = 0) -> tuple[str | None, ...]:
    pressed = [lists.button(row, name, side).get_attribute("aria-pressed") for name in ("Relevant", "Not relevant")]
    return (*pressed, lists.row(row, side).get_attribute("data-mark"))


# ---- what is drawn ----


@pytest.mark.parametrize(("height", "n_whole"), [("dense", 14), ("comfortable", 8)])
def test_so_many_whole_rows_are_in_view_and_the_page_does_not_scroll(lists: Lists, height: str, n_whole: int) -> None:
    lists.draw(data_of(range(25), range(25), 3237, height=height))
    whole = lists.page.evaluate("""() => {
      const box = document.querySelector(".exl-scroll").getBoundingClientRect()
      return [...document.querySelectorAll(".exl-list:first-child li")].filter((row) => {
        const { top, bottom } = row.getBoundingClientRect()
        return top >= box.top && bottom <= box.bottom
      }).length
    }""")
    assert whole == n_whole
    expect(lists.page.get_by_text(f"rows 1–{n_whole} of 3,237")).to_be_visible()
    assert lists.page.evaluate("document.scrollingElement.scrollHeight <= innerHeight")
    assert lists.page.evaluate("document.querySelectorAll('.exl *').length") < 500


def test_lists_and_items_have_names(lists: Lists) -> None:
    rows = {"3": document(3, title=None, name="docs.three"), **{str(row): document(row) for row in (1, 2, 4, 11)}}
    marks, agreement = {"3": "positive", "2": "unsure"}, ["3/4", "3 of the first 4 are the same"]
    lists.draw(data_of([1, 2, 3, 4], [3, 1, 2, 11], rows=rows, marks=marks, opposed=[4], agreement=agreement))
    left = lists.page.get_by_role("list", name="By similarity")
    names = left.get_by_role("listitem").evaluate_all("all => all.map((row) => row.ariaLabel)")
    assert names == [
        "1, title 1, here 1st, there 2nd",
        "2, title 2, here 2nd, there 3rd, marked unsure",
        "3, docs.three, here 3rd, there 1st, marked relevant",
        "4, title 4, here 4th, there after 100th, marked in different ways",
    ]
    expect(left.get_by_role("button", name="Not relevant: title 1")).to_have_attribute("aria-pressed", "false")
    expect(lists.page.get_by_label("Ranker of the left list")).to_have_value("knn")
    expect(lists.page.get_by_label("Ranker of the right list")).to_have_value("anchored")
    expect(lists.page.get_by_role("heading", name="Learned from your marks")).to_be_visible()
    signs = left.locator(".exl-sign").all_inner_texts()
    assert signs == ["▲", "▲", "▼", ""]
    assert lists.row(1).locator(".exl-sign").get_attribute("title") == "here 1st, there 2nd"
    expect(lists.page.locator(".exl-agree")).to_have_text("3/4")
    expect(lists.page.locator(".exl-agree")).to_have_attribute("title", "3 of the first 4 are the same")
    assert [lists.row(3).get_attribute(name) for name in ("aria-posinset", "aria-setsize")] == ["3", "4"]


@pytest.mark.parametrize(
    ("rank", "word"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (22, "22nd")],
)
def test_ranks_are_words(lists: Lists, rank: int, word: str) -> None:
    data = data_of([7], [7])
    data["lists"][0] |= {"there": [rank], "compared": [compared(1, rank)]}
    lists.draw(data)
    expect(lists.row(7)).to_have_attribute("aria-label", f"1, title 7, here 1st, there {word}")


def test_a_row_says_what_is_known_of_it(lists: Lists) -> None:
    rows = {"1": document(1, labels=["a", "b", "c", "d"], copies=2, near=True), "2": document(2, text="plain")}
    lists.draw(data_of([1, 2], rows=rows, opposed=[2], notes={"2": "see table 2"}))
    expect(lists.row(1).locator(".exl-head")).to_have_text("title 1ab+22 copiesnearly the same")
    expect(lists.row(2).locator(".exl-head")).to_have_text("title 2pandasmarked in different ways✎")
    expect(lists.row(2).locator(".exl-text")).to_have_text("plain")
    expect(lists.row(1).locator(".exl-share")).to_have_text("90")


def test_a_long_title_leaves_its_label_room(lists: Lists) -> None:
    lists.draw(data_of([1], rows={"1": document(1, title="a long title " * 40, labels=["open"])}))
    label = lists.row(1).locator(".exl-label")
    expect(label).to_be_visible()
    assert label.evaluate("each => each.scrollWidth <= each.clientWidth"), "not cut"


def test_an_empty_list_says_why(lists: Lists) -> None:
    lists.draw(data_of([]))
    expect(lists.page.get_by_text("Nothing.")).to_be_visible()
    expect(lists.page.get_by_role("combobox", name="Ranker", exact=True)).to_be_visible()


def test_the_bar_says_counts_and_the_state_of_the_list(lists: Lists) -> None:
    counted = "+16 relevant  −1 not relevant  ?0 unsure · last relevant 3 ago"
    status = "3,237 documents · filters: label pandas"
    lists.draw(data_of([1], counted=counted, status=status, fold=True, n_marked="17 marked"))
    expect(lists.page.locator(".exl-bar")).to_contain_text(
        "+16 relevant −1 not relevant ?0 unsure · last relevant 3 ago"
    )
    expect(lists.page.locator(".exl-info")).to_have_text("3,237 documents · filters: label pandas")
    lists.page.get_by_role("button", name="17 marked: show").click()
    assert {key: lists.last_act()[key] for key in ("act", "on")} == {"act": "fold", "on": False}
    expect(lists.page.get_by_role("button", name="17 marked: hide")).to_be_visible()
    lists.next(counted="+17 relevant  −1 not relevant  ?0 unsure")
    expect(lists.page.locator(".exl-bar")).not_to_contain_text("ago")
    lists.next(n_marked="")
    expect(lists.page.get_by_role("button", name="marked")).to_have_count(0)


def test_the_gutter_joins_what_both_lists_show(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3], [2, 1, 4], marks={"1": "positive"}))
    curves = {
        kind: lists.page.locator(f".exl-gutter .exl-{kind}").get_attribute("d") for kind in ("none", "positive", "dot")
    }
    assert curves == {
        "none": "M0 78C32 78 32 26 64 26",
        "positive": "M0 26C32 26 32 78 64 78",
        "dot": "M6 130h0M58 130h0",
    }


HOSTILE = """<img src=x onerror="window.ran=1"><script>window.ran=2</script>"""


def test_texts_of_documents_stay_texts(lists: Lists) -> None:
    asked: list[str] = []
    lists.page.on("request", lambda request: asked.append(request.url))
    texts = [HOSTILE, *TEXTS, "\ud83d lone", "__proto__"]
    rows = {
        str(n): document(n, id=f"{text}{n}", title=text, text=text, labels=[text, text, text], hash=text)
        for n, text in enumerate(texts)
    }
    data = data_of(range(len(texts)), range(len(texts)), rows=rows, status=HOSTILE, notes={"0": HOSTILE})
    for each in data["lists"]:
        each |= {
            "title": HOSTILE,
            "small": HOSTILE,
            "help": HOSTILE,
            "choices": [[HOSTILE, HOSTILE]],
            "ranker": HOSTILE,
        }
    lists.draw(data)
    lists.press("j", "Enter")
    fields = {"fields": [[HOSTILE, HOSTILE]], "words": [HOSTILE], "cut": HOSTILE}
    because = [{"row": 1, "title": HOSTILE, "mark": "positive", "sentence": HOSTILE}]
    lists.answer(opened=opened(0, ("passage", HOSTILE), ("carried", HOSTILE), because=because, **fields))
    lists.press("+")
    lists.answer(failed={lists.last_act()["key"]: HOSTILE})
    expect(lists.row(0).locator(".exl-title")).to_have_text(HOSTILE)
    assert squeezed(lists.row(1).locator(".exl-text").text_content() or "") == squeezed(texts[1])
    assert lists.page.locator(".exl :is(script, img, iframe, style, link, a, object, embed, base, meta)").count() == 0
    assert lists.page.evaluate("window.ran") is None
    assert [url for url in asked if not url.startswith("blob:")] == []


# ---- marking ----


def test_a_mark_shows_before_it_is_said(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3], [3, 2, 1]))
    seen = lists.page.evaluate("""() => {
      let seen
      const button = document.querySelector('[data-row="2"] [data-do=positive]')
      exemplarFeed.send = () => (seen = [...document.querySelectorAll('[data-row="2"]')].map((row) =>
        [row.dataset.mark, row.ariaBusy, row.querySelector("[data-do=positive]").ariaPressed]))
      button.click()
      return seen
    }""")
    assert seen == [["positive", "true", "true"]] * 2


def test_a_mark_is_said_with_what_the_server_needs(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3], [3, 2, 1]))
    lists.button(1, "Not relevant", side=1).click()
    [message] = lists.sent()
    [act] = message.pop("acts")
    assert re.fullmatch("[a-z]{12}", message.pop("tab"))
    assert re.fullmatch("[a-z]{12}-1", act.pop("key"))
    assert message == {"message": 1, "place": "p", "open": None, "lacks": False, "shown": [25, 25], "need": []}
    rows = [{"id": "docs.1", "hash": "h1", "list": "anchored", "rank": 3}]
    where = {"session": "S", "corpus": "docs", "corpus_id": "C"}
    assert act == {**where, "act": "mark", "verdict": "negative", "rows": rows}
    lists.answer(marks={"1": "negative"})
    assert verdicts(lists, 1) == ("false", "true", "negative")
    expect(lists.row(1)).to_have_attribute("aria-busy", "false")


def test_a_second_press_takes_a_mark_back(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3], marks={"1": "positive"}))
    lists.button(1).click()
    assert lists.last_act()["verdict"] is None
    assert verdicts(lists, 1) == ("false", "false", "")
    lists.button(1, "Not relevant").click()
    assert [act["verdict"] for act in lists.sent()[-1]["acts"]] == [None, "negative"]
    assert verdicts(lists, 1) == ("false", "true", "negative")


def test_keys_mark_the_lit_row_and_light_the_next_unmarked_one(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3, 4, 5, 6], marks={"2": "positive"}))
    lists.press("j", "+")
    assert lists.lit() == [0, 3]
    lists.press("-", "?", "=")
    acts = lists.sent()[-1]["acts"]
    assert [(act["verdict"], act["rows"][0]["id"]) for act in acts] == [
        ("positive", "docs.1"), ("negative", "docs.3"), ("unsure", "docs.4"), ("positive", "docs.5"),
    ]  # fmt: skip
    assert lists.lit() == [0, 6]
    lists.press("k", "+")  # takes it back, and stays
    assert lists.lit() == [0, 5]
    assert lists.last_act()["verdict"] is None
    assert [message["message"] for message in lists.sent()] == [1, 2, 3, 4, 5]


def test_where_marked_rows_leave_the_next_one_is_lit_at_the_same_height(lists: Lists) -> None:
    lists.draw(data_of(range(1, 8), fold=True))
    lists.press("j", "j", "j")
    height = lists.row(3).bounding_box()
    lists.press("+")
    assert lists.lit() == [0, 4]
    lists.answer(lists=[a_list("knn", "By similarity", [1, 2, 4, 5, 6, 7])])
    assert lists.lit() == [0, 4]
    assert lists.focused() == "4"
    expect(lists.row(4)).to_have_css("transform", "matrix(1, 0, 0, 1, 0, 104)")
    assert lists.row(4).bounding_box() == height


def test_a_document_that_a_mark_lit_stays_lit_unless_it_leaves_the_window(lists: Lists) -> None:
    lists.draw(data_of(range(40)))
    lists.press("j", "+")
    lists.answer(lists=[a_list("knn", "By similarity", [0, 5, 1, *range(6, 40)])])
    assert lists.lit() == [0, 1]
    lists.press("+")
    lists.answer(
        lists=[a_list("knn", "By similarity", [9, 8, 7, *range(10, 40), 1, 2, 3, 4, 5, 6])], marks={"9": "unsure"}
    )
    assert lists.lit() == [0, 6] or lists.lit() == [0, 7]
    assert lists.page.evaluate("document.querySelector('.exl-scroll').scrollTop") == 0


def test_whoever_is_quicker_than_the_server_takes_no_mark_back(lists: Lists) -> None:
    lists.draw(data_of(range(25), total=100, fold=True))
    lists.press("j", *"+" * 24)
    assert lists.lit() == [0, 24]
    first = lists.sent()[0]["acts"][0]["key"]
    order = [1, 2, 3, 24, *range(4, 24)]  # the lit document leaves the window, and all that follows is marked
    lists.next(confirmed=[first], lists=[a_list("knn", "By similarity", order, total=100)])
    assert lists.lit() == [0, 24]
    lists.press("+", "+", "+")
    verdicts = [(act["verdict"], act["rows"][0]["id"]) for act in lists.sent()[-1]["acts"]]
    assert verdicts == [("positive", f"docs.{row}") for row in range(1, 25)]


def test_a_range_is_one_act(lists: Lists) -> None:
    lists.draw(data_of(range(1, 9), marks={"4": "positive", "5": "negative"}))
    lists.press("j", "j", "*", "j", "j", "j")
    assert lists.page.locator("[data-range]").count() == 4
    lists.press("+")
    act = lists.last_act()
    assert [(row["id"], row["rank"]) for row in act["rows"]] == [("docs.2", 2), ("docs.3", 3), ("docs.5", 5)]
    assert act["verdict"] == "positive"
    assert lists.page.locator("[data-range]").count() == 0
    assert lists.lit() == [0, 6]
    lists.press("*", "*", "-")  # a range that is ended marks one
    assert [row["id"] for row in lists.last_act()["rows"]] == ["docs.6"]


def test_a_click_with_shift_marks_from_the_last_marked_row(lists: Lists) -> None:
    lists.draw(data_of(range(1, 9)))
    lists.button(6).click()
    lists.button(3).click(modifiers=["Shift"])
    assert [row["id"] for row in lists.last_act()["rows"]] == ["docs.5", "docs.4", "docs.3"]
    assert len(lists.sent()[-1]["acts"]) == 2


def test_undo_and_redo_are_acts_in_order(lists: Lists) -> None:
    lists.draw(data_of([1, 2]))
    undo, redo = (lists.page.get_by_role("button", name=name, exact=True) for name in ("Undo", "Redo"))
    expect(undo).to_have_attribute("aria-disabled", "true")
    lists.press("u", "U")
    assert lists.sent() == []
    lists.press("j", "+", "u")
    redo.click()
    assert [act["act"] for act in lists.sent()[-1]["acts"]] == ["mark", "undo", "redo"]
    lists.answer(undo=True)
    assert verdicts(lists, 1) == ("false", "false", "")
    expect(redo).to_have_attribute("aria-disabled", "true")
    expect(undo).to_have_attribute("aria-disabled", "false")


def test_the_closing_line_says_what_the_last_mark_did(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]))
    lists.press("j", "+")
    says = lists.page.get_by_role("status")
    expect(says).to_be_empty()
    left = lists.data["lists"][0]
    right = a_list("anchored", "Learned from your marks", [1, 9, 3, 2, 4], [1, 2, 3, 4, 5], fresh=[9])
    news = "Marked title 1 as relevant: 2 rows moved, 1 new."
    lists.answer(rows={"9": document(9)}, marks={"1": "positive"}, lists=[left, right], news=news)
    expect(says).to_have_text(news)
    expect(lists.row(9, 1).locator(".exl-new")).to_have_text("NEW")
    assert lists.page.locator(".exl-new").count() == 1
    lists.press("-")
    news = "Marked title 2 as not relevant: the list stays as it is."
    lists.answer(lists=[left, {**right, "fresh": []}], news=news)
    expect(says).to_have_text(news)
    assert lists.page.locator(".exl-new").count() == 0


def test_the_row_under_the_pointer_stays(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3, 4], [1, 2, 3, 4], fold=True))
    lists.button(2).click()
    new = [a_list("knn", "By similarity", [4, 3, 1], [3, 1, 4]), a_list("anchored", "Learned", [3, 1, 4], [4, 3, 1])]
    lists.answer(lists=new, left={"2": "positive"})
    assert (lists.order(0), lists.order(1)) == ([1, 2, 3, 4], [3, 1, 4])
    assert verdicts(lists, 2) == ("true", "false", "positive")  # though data no longer lists it
    lists.button(2).click()
    assert lists.last_act()["verdict"] is None
    lists.next(lists=[a_list("knn", "By similarity", [4, 2, 3, 1]), new[1]], rows={"2": document(2)}, left={})
    assert lists.order(0) == [1, 2, 3, 4]
    lists.row(3).hover()
    assert lists.order(0) == [4, 2, 3, 1]


def test_a_key_lets_a_list_that_was_held_follow(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3, 4], fold=True))
    lists.button(2).click()
    lists.answer(lists=[a_list("knn", "By similarity", [4, 3, 1])])
    assert lists.order() == [1, 2, 3, 4]
    lists.press("j")
    assert (lists.order(), lists.lit()) == ([4, 3, 1], [0, 3])


def test_the_ranker_of_a_list_is_chosen(lists: Lists) -> None:
    lists.draw(data_of([1], [1]))
    lists.page.get_by_label("Ranker of the right list").select_option("BM25")
    act = lists.last_act()
    assert {key: act[key] for key in ("act", "side", "ranker")} == {"act": "ranker", "side": 1, "ranker": "words"}
    lists.next(status="drawn before the choice arrived")
    expect(lists.page.get_by_label("Ranker of the right list")).to_have_value("words")


def test_the_ranker_of_the_only_list_is_that_of_its_side(lists: Lists) -> None:
    lists.draw(data_of([1], view="screen", lists=[a_list("anchored", "Learned from your marks", [1])]))
    lists.page.get_by_label("Ranker").select_option("BM25")
    assert lists.last_act()["side"] == 1


# ---- acts that are not yet confirmed ----


def keys_of(message: Data) -> list[str]:
    return [act["key"].split("-")[1] for act in message["acts"]]


def test_every_message_has_all_acts_that_are_not_confirmed(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3, 4]))
    lists.press("j", "+", "+")
    first, second = lists.sent()
    assert (keys_of(first), keys_of(second)) == (["1"], ["1", "2"])
    answered = {"answered": 1, "tab": first["tab"], "confirmed": [first["acts"][0]["key"]]}
    lists.next(**answered, marks={"1": "positive"})
    lists.press("+")
    assert keys_of(lists.sent()[-1]) == ["2", "3"]


def test_a_message_without_an_answer_is_sent_again(timed: Lists) -> None:
    timed.draw(data_of([1, 2, 3]))
    timed.press("j", "+")
    timed.page.clock.run_for(3_900)
    assert len(timed.sent()) == 1
    timed.page.clock.run_for(200)
    assert [(message["message"], keys_of(message)) for message in timed.sent()] == [(1, ["1"]), (2, ["1"])]
    timed.page.clock.run_for(4_000)
    assert len(timed.sent()) == 3
    timed.answer(marks={"1": "positive"})
    timed.page.clock.run_for(600_000)
    assert len(timed.sent()) == 3


def test_an_answer_to_an_earlier_message_does_not_stop_the_clock(timed: Lists) -> None:
    timed.draw(data_of([1, 2, 3]))
    timed.press("j", "+", "+")
    first = timed.sent()[0]
    timed.next(answered=1, tab=first["tab"], confirmed=[first["acts"][0]["key"]])
    timed.page.clock.run_for(4_100)
    assert keys_of(timed.sent()[-1]) == ["2"]


def test_saving_is_mentioned_only_if_it_takes_long(timed: Lists) -> None:
    timed.draw(data_of([1, 2, 3]))
    timed.press("j", "+", "+")
    bar = timed.page.locator(".exl-bar")
    expect(bar).not_to_contain_text("saving")
    timed.page.clock.run_for(310)
    expect(bar).to_contain_text("· saving 2")
    timed.answer()
    expect(bar).not_to_contain_text("saving")


def test_what_failed_is_said_and_sent_again_ever_more_slowly(timed: Lists) -> None:
    timed.draw(data_of([1, 2, 3]))
    timed.press("j", "+", "-")
    why = {act["key"]: "This mark could not be saved: disk full" for act in timed.sent()[-1]["acts"]}
    alert = "2 marks are not saved: This mark could not be saved: disk full. They are sent again."
    timed.answer(failed=why, alert=alert)
    expect(timed.page.get_by_role("alert")).to_have_text(alert)
    expect(timed.row(1)).to_contain_text("not saved")
    expect(timed.row(1)).to_have_attribute("aria-label", re.compile("marked relevant, not saved$"))
    assert verdicts(timed, 1) == ("true", "false", "positive")
    for wait in (5_000, 10_000, 20_000, 40_000, 60_000, 60_000):
        n = len(timed.sent())
        timed.page.clock.run_for(wait - 100)
        assert len(timed.sent()) == n, wait
        timed.page.clock.run_for(200)
        assert keys_of(timed.sent()[-1]) == ["1", "2"]
        timed.answer(failed=why, alert=alert)
    timed.press("?")
    assert keys_of(timed.sent()[-1]) == ["1", "2", "3"]
    timed.answer()
    expect(timed.page.get_by_role("alert")).to_be_empty()
    expect(timed.row(1)).not_to_contain_text("not saved")


def test_acts_outlive_a_reload(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3]))
    lists.press("j", "+")
    before = lists.sent()[-1]
    lists.load()
    lists.draw(data_of([1, 2, 3], started="t"))
    [after] = lists.sent()
    assert (after["message"], after["acts"]) == (1, before["acts"])
    assert after["tab"] != before["tab"]
    assert verdicts(lists, 1) == ("true", "false", "positive")
    lists.answer(marks={"1": "positive"})
    lists.load()
    lists.draw(data_of([1, 2, 3], started="u"))
    assert lists.sent() == []


def test_acts_of_another_session_are_sent_and_not_shown(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3]))
    lists.press("j", "+")
    lists.next(place="q", session="T")
    assert verdicts(lists, 1) == ("false", "false", "")
    lists.press("j", "-")
    first, second = lists.sent()[-1]["acts"]
    assert (first["session"], second["session"]) == ("S", "T")
    assert (first["verdict"], second["verdict"]) == ("positive", "negative")


def test_a_copied_tab_has_keys_of_its_own(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3]))
    lists.press("j", "+")
    copied = lists.page.evaluate("({ ...sessionStorage })")
    lists.page.evaluate("sessionStorage.clear()")
    lists.page.evaluate("copied => Object.assign(sessionStorage, copied)", copied)  # as a duplicated tab has it
    lists.load()
    lists.draw(data_of([1, 2, 3], started="t"))
    lists.press("j", "j", "+")
    first, second = (act["key"] for act in lists.sent()[-1]["acts"])
    assert first.split("-")[0] != second.split("-")[0]


@pytest.mark.parametrize("stored", ["", "{", "null", "7", '[1, null, {"key": 3}]'])
def test_a_store_that_no_one_can_read_is_no_obstacle(lists: Lists, stored: str) -> None:
    lists.page.evaluate("stored => sessionStorage.setItem('exemplar-acts', stored)", stored)
    lists.load()
    lists.draw(data_of([1]))
    assert lists.sent() == []
    lists.press("j", "+")
    assert keys_of(lists.sent()[-1]) == ["1"]


def test_a_store_that_is_full_is_no_obstacle(lists: Lists) -> None:
    lists.page.evaluate(
        "() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') } }"
    )
    lists.draw(data_of([1, 2]))
    lists.press("j", "+", "-")
    assert keys_of(lists.sent()[-1]) == ["1", "2"]


def test_a_restart_of_the_server_has_everything_sent_again(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3], drawing=40))
    lists.press("j", "+")
    lists.draw({**data_of([1, 2, 3]), "started": "t", "drawing": 1})
    assert [keys_of(message) for message in lists.sent()] == [["1"], ["1"]]
    lists.answer()
    assert len(lists.sent()) == 2


def test_late_data_is_left_out_and_the_same_data_changes_nothing(timed: Lists) -> None:
    timed.draw(data_of([1, 2, 3], drawing=5, status="newest"))
    timed.draw({**timed.data, "drawing": 4, "status": "late"})
    expect(timed.page.locator(".exl-info")).to_have_text("newest")
    timed.draw({**timed.data, "drawing": 5, "status": "newest"})
    timed.press("j", "+")
    failed = {timed.last_act()["key"]: "no"}
    timed.answer(failed=failed, alert="1 mark is not saved: no. It is sent again.")
    same = timed.data
    timed.press("-")
    timed.answer()
    expect(timed.page.get_by_role("alert")).to_be_empty()
    timed.draw(same)
    expect(timed.page.get_by_role("alert")).to_be_empty()
    assert len(timed.sent()) == 2


def test_a_feed_that_is_mounted_anew_has_unanswered_acts_sent_again(timed: Lists) -> None:
    timed.draw(data_of([1, 2, 3]))
    timed.press("j", "+")
    timed.draw(timed.data)
    assert len(timed.sent()) == 1  # it has only just been sent
    timed.page.clock.run_for(2_000)
    timed.draw(timed.data)
    assert [keys_of(message) for message in timed.sent()] == [["1"], ["1"]]


def test_a_frame_that_is_mounted_anew_draws_the_same(lists: Lists) -> None:
    lists.draw(data_of(range(40)))
    lists.press("j", "+")
    n = len(lists.sent())
    key_and_mount = """html => {
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "n", bubbles: true }))
      const [scroll, lit] = [".exl-scroll", "[data-lit]"].map((each) => document.querySelector(each))
      const before = [scroll.scrollTop, Number(lit.dataset.row)]
      document.querySelector("#mount").innerHTML = html // before the browser tells that it scrolled
      mount()
      return before
    }"""
    top, row = lists.page.evaluate(key_and_mount, FRAME)
    lit = [0, row]
    assert lists.lit() == lit
    assert lists.page.evaluate("document.querySelector('.exl-scroll').scrollTop") == top > 0
    lists.press("j")
    assert lists.lit() == [0, lit[1] + 1]
    assert len(lists.sent()) - n <= 1
    lists.page.evaluate("mount()")
    lists.press("j")
    assert lists.lit() == [0, lit[1] + 2]


def test_nothing_is_said_while_another_page_is_shown(timed: Lists) -> None:
    timed.draw(data_of([1, 2, 3]))
    timed.press("j", "+")
    timed.page.evaluate("document.querySelector('.exl').remove()")
    timed.page.clock.run_for(60_000)
    timed.press("j", "+")
    assert len(timed.sent()) == 1
    timed.page.evaluate("html => (document.querySelector('#mount').innerHTML = html)", FRAME)
    timed.page.evaluate("mount()")
    timed.next()
    assert [keys_of(message) for message in timed.sent()] == [["1"], ["1"]]


def test_a_frame_without_a_query_shows_nothing_and_keeps_acts(timed: Lists) -> None:
    timed.draw(data_of([1, 2, 3]))
    timed.press("j", "+")
    timed.page.evaluate("mount({ empty: true })")
    timed.page.clock.run_for(60_000)
    expect(timed.page.locator(".exl")).to_be_hidden()
    expect(timed.page.get_by_label("Query")).to_be_focused()
    timed.page.evaluate("document.activeElement.blur()")
    timed.press("j", "-", "v", "/")
    assert len(timed.sent()) == 1
    assert timed.page.evaluate("said") == ["view"]
    expect(timed.page.get_by_label("Query")).to_be_focused()
    timed.page.evaluate("mount({ empty: false })")
    timed.next(place="q")
    assert [keys_of(message) for message in timed.sent()] == [["1"], ["1"]]


def test_a_feed_that_throws_loses_nothing(timed: Lists) -> None:
    timed.draw(data_of([1, 2, 3]))
    timed.page.evaluate("() => { exemplarFeed.send = () => { throw new Error('unmounted') } }")
    with timed.page.expect_console_message(lambda said: said.type == "error" and "unmounted" in said.text):
        timed.press("j", "+")
    timed.errors.clear()
    timed.next()
    timed.page.clock.run_for(4_100)
    assert keys_of(timed.sent()[-1]) == ["1"]


# ---- texts, more rows, places ----


def test_texts_that_were_lost_are_asked_for_once(timed: Lists) -> None:
    timed.draw(data_of([1, 2, 3], rows={"1": document(1)}))
    assert [message["need"] for message in timed.sent()] == [[2, 3]]
    expect(timed.row(2)).to_have_attribute("aria-label", "2, …")
    timed.button(2).click()
    assert timed.sent()[-1]["acts"] == []  # what no one could read can't be marked
    timed.answer(rows={"2": document(2)})
    assert len(timed.sent()) == 1
    timed.page.clock.run_for(5_100)
    assert [message["need"] for message in timed.sent()] == [[2, 3], [3]]
    timed.answer(rows={"3": document(3)})
    n = len(timed.sent())
    timed.page.clock.run_for(600_000)
    assert len(timed.sent()) == n
    expect(timed.row(3)).to_contain_text("title 3")


def test_texts_are_kept_for_a_corpus(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3]))
    lists.next(place="q")
    expect(lists.row(1)).to_contain_text("title 1")
    assert lists.sent() == []
    lists.next(corpus="d", place="r", rows={"1": document(1, title="another")})
    expect(lists.row(1)).to_contain_text("another")
    assert lists.sent()[-1]["need"] == [2, 3]


def test_another_place_begins_at_the_top(lists: Lists) -> None:
    lists.draw(data_of(range(40)))
    lists.press("j", "n", "n", "Enter", "*")
    assert lists.sent()[-1]["open"] is not None
    lists.next(place="q")
    assert lists.lit() is None
    assert lists.page.locator(".exl-open, [data-range]").count() == 0
    assert lists.page.evaluate("document.querySelector('.exl-scroll').scrollTop") == 0
    assert lists.focused() != "body"
    lists.press("j")
    assert lists.lit() == [0, 0]


def test_rows_are_drawn_where_they_are_seen_and_loaded_as_they_are_reached(lists: Lists) -> None:
    def data(n: int) -> Data:
        lists_ = [a_list("knn", "By similarity", [*range(n)], [*range(n)], total=1_000_000)] * 2
        return {**data_of(range(n), range(n)), "lists": lists_, "drawing": n}

    lists.draw(data(25))
    assert lists.sent() == []
    scroll = lists.page.locator(".exl-scroll")
    for n in (25, 50, 75):
        scroll.evaluate("box => box.scrollTo(0, box.scrollHeight)")
        expect(lists.page.get_by_text(f"–{n} of 1,000,000")).to_be_visible()
        lists.page.wait_for_function("n => sent.at(-1)?.shown[0] === n", arg=n + 25)
        assert lists.sent()[-1]["shown"] == [n + 25, n + 25]
        lists.draw(
            {**data(n + 25), **{key: lists.sent()[-1][name] for key, name in (("answered", "message"), ("tab", "tab"))}}
        )
    assert [message["shown"][0] for message in lists.sent()] == [50, 75, 100]
    assert lists.page.evaluate("document.querySelectorAll('.exl *').length") < 500
    expect(lists.row(0)).to_have_count(0)


def test_a_server_that_has_no_more_rows_is_not_asked_for_ever(lists: Lists) -> None:
    lists.draw(data_of(range(25), total=3237))
    lists.press("j", "n", "n", "n")
    for _ in range(3):
        lists.answer()
    lists.press("j", "k", "j")
    assert [message["shown"][0] for message in lists.sent()] == [50]


def test_a_tall_window_loads_what_it_can_show(lists: Lists) -> None:
    lists.page.set_viewport_size({"width": 1440, "height": 2400})
    lists.draw(data_of(range(25), total=3237))
    assert lists.sent()[-1]["shown"] == [50, 50]


def test_a_restart_is_asked_for_as_many_rows_as_before(lists: Lists) -> None:
    lists.draw(data_of(range(25), total=3237))
    lists.press("j", "n")
    more = a_list("knn", "By similarity", [*range(50)], total=3237)
    lists.answer(lists=[more], rows={str(n): document(n) for n in range(50)})
    lists.draw(data_of(range(25), total=3237, started="t"))
    assert [message["shown"][0] for message in lists.sent()] == [50, 50]


# ---- keys and focus ----


def test_keys_go_through_the_lists(lists: Lists) -> None:
    lists.draw(data_of(range(25), [*range(24, -1, -1)]))
    steps: list[tuple[str, list[int]]] = [
        ("j", [1, 24]), ("j", [1, 23]), ("k", [1, 24]), ("k", [1, 24]), ("h", [0, 24]), ("l", [1, 24]),
        ("n", [1, 10]), ("p", [1, 24]), ("h", [0, 24]), ("h", [0, 24]), ("j", [0, 24]),
    ]  # fmt: skip
    for key, lit in steps:
        lists.press(key)
        assert (lists.lit(), lists.focused()) == (lit, str(lit[1])), key


def test_across_goes_to_the_same_height_if_the_other_list_lacks_the_document(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3], [7, 8, 9]))
    lists.press("j", "j", "h")
    assert lists.lit() == [0, 2]


def test_keys_of_the_page(lists: Lists) -> None:
    lists.draw(data_of([1, 2]))
    lists.press("v", "F1")
    assert lists.page.evaluate("said") == ["view", "keys"]
    lists.press("/")
    expect(lists.page.get_by_label("Query")).to_be_focused()
    lists.press("j", "+", "u")
    expect(lists.page.get_by_label("Query")).to_have_value("j+u")
    lists.press("Escape", "j")
    assert lists.lit() == [0, 1]
    lists.press("m")
    assert {key: lists.last_act()[key] for key in ("act", "id", "hash")} == {
        "act": "like",
        "id": "docs.1",
        "hash": "h1",
    }
    lists.press("Escape")
    assert (lists.lit(), lists.focused()) == (None, "exl-scroll")


def test_keys_with_a_modifier_and_those_in_dialogs_are_not_taken(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3]))
    lists.press("j", "Control+j", "Alt+j", "Meta+j")
    assert lists.lit() == [0, 1]
    lists.page.locator("#inside").focus()
    lists.press("j", "+")
    assert lists.lit() == [0, 1]
    assert lists.sent() == []
    lists.page.get_by_role("combobox").focus()
    lists.press("+")
    assert lists.sent() == []


def test_a_list_is_one_stop_of_the_tab_key(lists: Lists) -> None:
    lists.draw(data_of(range(25), range(25), undo=True))
    lists.page.get_by_label("Ranker of the right list").focus()
    lists.press("Tab")
    assert (lists.lit(), lists.focused()) == ([0, 0], "0")
    lists.press("j", "Tab")
    assert lists.lit() == [1, 0]
    lists.press("Shift+Tab")
    assert lists.lit()[0] == 0
    assert lists.page.locator(".exl-list [tabindex='0']").count() == 2


def test_the_focus_stays_when_its_row_leaves(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3], fold=True))
    lists.press("j", "j")
    lists.next(lists=[a_list("knn", "By similarity", [1, 3])])
    assert (lists.lit(), lists.focused()) == ([0, 3], "3")
    lists.next(lists=[a_list("knn", "By similarity", [1])])
    assert (lists.lit(), lists.focused()) == ([0, 1], "1")
    lists.next(lists=[a_list("knn", "By similarity", [])])
    assert (lists.lit(), lists.focused()) == (None, "exl-scroll")


def test_the_focus_stays_on_a_row_that_moves_or_is_scrolled_away(lists: Lists) -> None:
    lists.draw(data_of(range(25)))
    lists.press("j")
    lists.next(lists=[a_list("knn", "By similarity", [*range(24, -1, -1)])])
    assert (lists.lit(), lists.focused()) == ([0, 0], "0")
    lists.next(lists=[a_list("knn", "By similarity", [*range(25)])])
    lists.page.locator(".exl-scroll").evaluate("box => box.scrollTo(0, 500)")
    expect(lists.row(2)).to_have_count(0)
    assert lists.focused() == "0"


def test_the_focus_follows_the_mouse(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3], fold=True))
    lists.button(2).click()
    assert (lists.lit(), lists.focused()) == ([0, 2], "2")
    lists.answer(lists=[a_list("knn", "By similarity", [1, 3])])
    lists.page.mouse.move(700, 20)
    assert (lists.lit(), lists.focused()) == ([0, 3], "3")


# ---- the open row ----


def test_a_row_opens_in_place_and_closes(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3]))
    lists.row(2).locator(".exl-text").click()
    message = lists.sent()[-1]
    assert (message["open"], message["lacks"]) == (2, True)
    parts = (("", "Before. "), ("passage", "The passage. "), ("carried", "It carries."), ("", " After."))
    lists.answer(opened=opened(2, *parts, cut="Characters 1 to 40 of 90."))
    row = lists.row(2)
    expect(row.locator(".exl-whole")).to_have_text("Before. The passage. It carries. After.")
    expect(row.locator("mark.exl-carried")).to_have_text("It carries.")
    expect(row.locator(".exl-because")).to_have_text("because: like fillna (+)")
    expect(row.get_by_text("fillna (+)", exact=True)).to_have_attribute("title", "Fill missing values.")
    for text in ("words missing", "journal Nature", "Characters 1 to 40 of 90."):
        expect(row.locator(".exl-more")).to_contain_text(text)
    assert lists.row(3).bounding_box()["y"] >= row.locator(".exl-open").bounding_box()["y"]
    lists.next(opened=None)  # it is sent once
    expect(row.locator(".exl-whole")).to_contain_text("It carries.")
    lists.press("-")
    assert lists.sent()[-1]["lacks"] is False
    lists.press("k", "Enter")
    expect(lists.page.locator(".exl-open")).to_have_count(0)
    assert lists.sent()[-1]["open"] is None


def test_a_text_that_was_lost_is_asked_for_again(timed: Lists) -> None:
    timed.draw(data_of([1, 2, 3]))
    timed.press("j", "Enter")
    timed.answer()
    timed.page.clock.run_for(5_100)
    assert [(message["open"], message["lacks"]) for message in timed.sent()] == [(1, True), (1, True)]
    timed.answer(opened=opened(1, ("", "whole")))
    timed.page.clock.run_for(600_000)
    assert len(timed.sent()) == 2


def test_a_long_text_scrolls_inside_its_row(lists: Lists) -> None:
    lists.draw(data_of(range(25)))
    lists.press("j", "Enter")
    lists.answer(opened=opened(0, ("passage", "word " * 5000)))
    box = lists.page.locator(".exl-open").bounding_box()
    assert 0.5 * 900 < box["height"] <= 0.6 * 900
    expect(lists.row(0).get_by_role("button", name="More like this")).to_be_in_viewport()
    row = lists.row(1).bounding_box()
    assert row["y"] >= box["y"] + box["height"]


def test_the_buttons_of_the_open_row(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3]))
    lists.press("j", "Enter")
    inside = lists.page.locator(".exl-open")
    for name, verdict in (("Unsure", "unsure"), ("Not relevant", "negative"), ("Relevant", "positive")):
        inside.get_by_role("button", name=name, exact=True).click()
        assert lists.last_act()["verdict"] == verdict
        expect(inside.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")
        expect(inside.locator("[aria-pressed=true]")).to_have_count(1)
    inside.get_by_role("button", name="More like this").click()
    assert lists.last_act()["act"] == "like"


def test_a_note_is_written_kept_and_removed(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3]))
    lists.press("j", "Enter")
    inside = lists.page.locator(".exl-open")
    note, area = inside.get_by_role("button", name="Note", exact=True), inside.get_by_label("Note", exact=True)
    note.click()
    area.press_sequentially("see ++ table\nj")
    lists.next(lists=[a_list("knn", "By similarity", [3, 2])])  # the list waits while it is written
    expect(area).to_be_focused()
    expect(area).to_have_value("see ++ table\nj")
    inside.get_by_role("button", name="Save").click()
    act = lists.last_act()
    assert {key: act[key] for key in ("act", "id", "hash", "text")} == {
        "act": "note", "id": "docs.1", "hash": "h1", "text": "see ++ table\nj",
    }  # fmt: skip
    assert lists.order() == [3, 2]


def test_a_note_is_shown_and_a_cancelled_one_is_not_kept(lists: Lists) -> None:
    lists.draw(data_of([1, 2], notes={"1": "old"}))
    lists.press("j", "Enter")
    inside = lists.page.locator(".exl-open")
    expect(inside).to_contain_text("Note: old")
    inside.get_by_role("button", name="Note", exact=True).click()
    inside.get_by_label("Note", exact=True).fill("new")
    lists.press("Escape")
    assert all(message["acts"] == [] for message in lists.sent())
    assert lists.focused() != "body"
    inside.get_by_role("button", name="Note", exact=True).click()
    inside.get_by_label("Note", exact=True).fill("")
    lists.press("Control+Enter")
    assert lists.last_act()["text"] == ""
    expect(lists.row(1)).not_to_contain_text("✎")


def test_a_reason_is_chosen_beside_the_note(lists: Lists) -> None:
    lists.draw(data_of([1, 2], notes={"1": "old"}, reasons={"1": "too dear"}))
    lists.press("j", "Enter")
    inside = lists.page.locator(".exl-open")
    expect(inside).to_contain_text("Reason: too dear · Note: old")
    expect(lists.row(1).get_by_text("✎")).to_have_attribute("title", "too dear: old")
    inside.get_by_role("button", name="Note", exact=True).click()
    choice = inside.get_by_role("combobox", name="Reason why it is not relevant")
    expect(choice).to_have_value("too dear")
    assert choice.locator("option").all_text_contents() == [
        "No reason",
        "wrong population",
        "wrong outcome",
        "too dear",
    ]
    choice.select_option("wrong outcome")
    inside.get_by_role("button", name="Save").click()
    act = lists.last_act()
    assert (act["act"], act["text"], act["reason"], act["hash"]) == ("note", "old", "wrong outcome", "h1")
    expect(inside).to_contain_text("Reason: wrong outcome · Note: old")


def test_a_reason_that_is_cancelled_is_not_kept(lists: Lists) -> None:
    lists.draw(data_of([1, 2]))
    lists.press("j", "Enter")
    inside = lists.page.locator(".exl-open")
    inside.get_by_role("button", name="Note", exact=True).click()
    inside.get_by_role("combobox").select_option("wrong outcome")
    lists.press("Escape")
    expect(inside.get_by_role("combobox")).to_have_count(0)
    assert all(message["acts"] == [] for message in lists.sent())
    inside.get_by_role("button", name="Note", exact=True).click()
    expect(inside.get_by_role("combobox")).to_have_value("")


def test_a_note_is_kept_when_the_person_goes_on(lists: Lists) -> None:
    lists.draw(data_of([1, 2]))
    lists.press("j", "Enter")
    lists.page.get_by_role("button", name="Note", exact=True).click()
    lists.page.get_by_label("Note", exact=True).fill("a thought")
    lists.row(2).locator(".exl-text").click()
    assert lists.last_act()["text"] == "a thought"
    lists.page.get_by_role("button", name="Note", exact=True).click()
    lists.page.get_by_label("Note", exact=True).fill("another")
    lists.next(session="T", place="q")
    act = lists.last_act()
    assert (act["text"], act["session"], act["id"]) == ("another", "S", "docs.2")


def test_a_press_on_a_row_ends_where_it_began_though_it_ends_a_note(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3]))
    lists.press("j", "Enter")
    lists.page.get_by_role("button", name="Note", exact=True).click()
    lists.page.get_by_label("Note", exact=True).fill("a thought")
    box = lists.row(2).locator(".exl-text").bounding_box()
    lists.page.mouse.move(box["x"] + 9, box["y"] + 9)
    lists.page.mouse.down()
    assert lists.row(2).locator(".exl-text").bounding_box() == box
    lists.page.mouse.up()
    assert lists.lit() == [0, 2]
    expect(lists.row(2).get_by_role("group", name="Text of title 2")).to_be_visible()
    assert (lists.last_act()["text"], lists.last_act()["id"]) == ("a thought", "docs.1")


def test_the_focus_goes_with_the_light_from_a_row_that_moved_out_of_view(lists: Lists) -> None:
    lists.draw(data_of(range(25)))
    lists.press("j", "+")
    assert (lists.lit(), lists.focused()) == ([0, 1], "1")
    moved = [0, *range(2, 16), 1, *range(16, 25)]  # to where it is drawn, but not seen
    lists.answer(lists=[a_list("knn", "By similarity", moved)], marks={"0": "positive"})
    assert (lists.lit(), lists.focused()) == ([0, 2], "2")


# ---- other windows and views ----


def test_a_wide_window_shows_the_open_text_in_a_column_of_its_own(lists: Lists) -> None:
    lists.page.set_viewport_size({"width": 1920, "height": 1080})
    lists.draw(data_of([1, 2, 3], [3, 2, 1]))
    lists.press("j", "Enter")
    aside = lists.page.get_by_role("complementary", name="Open document")
    expect(aside).to_contain_text("title 3")
    lists.answer(opened=opened(3, ("", "the whole text")))
    expect(aside).to_contain_text("the whole text")
    assert lists.row(3, 1).bounding_box()["height"] == 52
    lists.press("j")
    assert lists.sent()[-1]["open"] == 2
    expect(aside).to_contain_text("title 2")
    aside.get_by_role("button", name="Unsure").click()
    assert lists.last_act()["rows"] == [{"id": "docs.2", "hash": "h2", "list": "anchored", "rank": 2}]


def test_a_screen_is_one_list_with_its_lit_row_open(lists: Lists) -> None:
    lists.draw(data_of([1, 2, 3], [3, 2, 1], view="screen", fold=True))
    expect(lists.page.get_by_role("list")).to_have_count(1)
    assert (lists.lit(), lists.sent()[-1]["open"]) == ([1, 3], 3)
    expect(lists.row(3, 1)).to_be_in_viewport()
    assert lists.focused() == "body"  # lighting a row by itself takes no focus
    expect(lists.page.get_by_role("combobox", name="Ranker", exact=True)).to_be_visible()
    lists.press("+")
    assert (lists.lit(), lists.sent()[-1]["open"]) == ([1, 2], 2)
    n = len(lists.sent())
    assert n == 2
    left, right = lists.data["lists"]
    lists.answer(lists=[left, {**right, "rows": [1, 2]}])
    assert lists.lit() == [1, 2]  # what is being read stays
    lists.press("-")
    assert lists.lit() == [1, 1]
    lists.answer(lists=[left, {**right, "rows": [], "total": 0}])
    assert lists.lit() is None
    expect(lists.page.locator(".exl-open")).to_have_count(0)


def screen(listed: Sequence[int], total: int = 0, **changes: Any) -> Data:
    """Return data of the view Screen with one list."""
    learned = a_list("anchored", "Learned from your marks", listed, total=total or len(listed))
    return {**data_of(listed), "view": "screen", "fold": True, "lists": [learned], **changes}


def reranked(lists: Lists, *rows: int, total: int = 0) -> list[Data]:
    """Return the list of Screen with other rows."""
    return screen(rows, total or lists.data["lists"][0]["total"])["lists"]


def height_of(lists: Lists, row: int) -> float:
    box = lists.row(row).bounding_box()
    assert box
    return box["y"]


def test_in_screen_a_new_ranking_changes_only_what_stands_behind_the_lit_row(lists: Lists) -> None:
    lists.draw(screen(range(1, 9), 60))
    lists.press("j", "j")
    height = height_of(lists, 3)
    lists.press("+")
    assert lists.order() == [1, 2, 4, 5, 6, 7, 8]  # it leaves before the server has answered
    assert (lists.lit(), lists.focused(), height_of(lists, 4)) == ([0, 4], "4", height)
    lists.answer(lists=reranked(lists, 8, 7, 2, 6, 5, 1))  # the lit row is not among the first of the new ranking
    assert (lists.lit(), height_of(lists, 4)) == ([0, 4], height)
    assert lists.order() == [1, 2, 4, 8, 7, 6, 5]
    expect(lists.row(4)).to_have_attribute("aria-posinset", "3")
    lists.press("j", "k", "k")
    assert (lists.lit(), lists.order()) == ([0, 2], [1, 2, 4, 8, 7, 6, 5])  # going through the list moves no row
    lists.next(lists=reranked(lists, 6, 8, 1, 7, 2, 4, 5))
    assert (lists.lit(), lists.order()) == ([0, 2], [1, 2, 6, 8, 7, 4, 5])


def test_the_address_names_the_view_and_the_history_has_no_more_entries(lists: Lists) -> None:
    lists.draw(screen([1, 2]))
    assert lists.page.url == f"{URL}?view=screen"
    n = lists.page.evaluate("history.length")
    lists.next(view="next")
    assert (lists.page.url, lists.page.evaluate("history.length")) == (f"{URL}?view=next", n)
    lists.next(view="lists")
    assert (lists.page.url, lists.page.evaluate("history.length")) == (URL, n)


def test_a_mark_in_screen_says_the_place_where_its_row_was_read(lists: Lists) -> None:
    lists.draw(screen([5, 6, 7]))
    lists.press("j", "-")
    assert lists.last_act()["rows"] == [{"id": "docs.6", "hash": "h6", "list": "anchored", "rank": 2}]


def test_in_screen_what_was_skipped_is_lit_after_the_last_row(lists: Lists) -> None:
    lists.draw(screen([1, 2, 3]))
    lists.press("j", "j", "+")
    assert (lists.lit(), lists.order()) == ([0, 2], [1, 2])
    lists.press("-", "?", "+")
    assert lists.lit() is None
    assert [act["verdict"] for act in lists.sent()[-1]["acts"]] == ["positive", "negative", "unsure"]


def test_a_step_back_in_screen_lights_its_row_at_once(lists: Lists) -> None:
    lists.draw(screen([3, 4, 5], undo=True, returns=["docs.1", "docs.2"], left={"1": "positive", "2": "negative"}))
    lists.next(rows={"1": document(1), "2": document(2)})
    height = height_of(lists, 3)
    lists.press("+", "u")
    assert (lists.lit(), lists.order(), height_of(lists, 3)) == ([0, 3], [3, 4, 5], height)
    lists.press("u", "-")  # the mark of row 2 is taken back, and it is marked otherwise
    assert [(act["act"], act["verdict"]) for act in lists.sent()[-1]["acts"]] == [
        ("mark", "positive"), ("undo", None), ("undo", None), ("mark", "negative"),
    ]  # fmt: skip
    assert lists.last_act()["rows"][0]["id"] == "docs.2"
    assert lists.lit() == [0, 3]
    lists.press("u", "u")
    assert lists.lit() == [0, 1]
    lists.answer(lists=reranked(lists, 3, 2, 4, 5, 1), left={}, returns=[])
    assert (lists.lit(), lists.order(), height_of(lists, 1)) == ([0, 1], [1, 3, 2, 4, 5], height)


def test_the_row_that_was_read_is_lit_again_after_a_reload(lists: Lists) -> None:
    lists.draw(screen([1, 2, 3, 4], 60))
    lists.press("j", "j")
    lists.load()
    lists.draw(screen([4, 1, 2], 60))
    assert (lists.lit(), lists.order()) == ([0, 3], [3, 4, 1, 2])
    sent = lists.sent()[-1]
    assert (sent["open"], sent["need"], sent["lacks"]) == (3, [3], True)
    lists.answer(rows={"3": document(3)}, opened=opened(3, ("", "the whole text")))
    expect(lists.row(3)).to_contain_text("the whole text")
    lists.load()
    lists.draw(screen([4, 1, 2], place="elsewhere"))
    assert (lists.lit(), lists.order()) == ([0, 4], [4, 1, 2])
    lists.load()
    lists.draw(screen([4, 1, 2], 60, left={"3": "positive"}, rows={"3": document(3)}))  # another tab has marked it
    assert (lists.lit(), lists.order()) == ([0, 4], [4, 1, 2])


@pytest.mark.parametrize("stored", ["", "{", "7", "[]", "null", '{"p": "x"}', '{"p": -1.5}'])
def test_a_place_that_no_one_can_read_is_no_obstacle(lists: Lists, stored: str) -> None:
    lists.page.evaluate("stored => sessionStorage.setItem('exemplar-places', stored)", stored)
    lists.draw(screen([1, 2]))
    assert (lists.lit(), lists.order()) == ([0, 1], [1, 2])
    lists.press("j")
    lists.load()
    lists.draw(screen([1, 2]))
    assert lists.lit() == [0, 2]


def test_a_mark_that_is_not_saved_comes_back_into_screen(lists: Lists) -> None:
    lists.draw(screen([1, 2, 3]))
    lists.press("+")
    assert lists.order() == [2, 3]
    key = lists.last_act()["key"]
    lists.answer(failed={key: "disk full"}, alert="1 mark is not saved: disk full. It is sent again.")
    assert (lists.lit(), lists.order()) == ([0, 2], [2, 1, 3])
    expect(lists.row(1)).to_contain_text("not saved")


def test_in_screen_a_click_on_the_open_row_goes_on_and_a_row_under_the_pointer_stays(lists: Lists) -> None:
    lists.draw(screen([1, 2, 3, 4]))
    deeds = lists.page.locator(".exl-deeds")
    deeds.get_by_role("button", name="Not relevant", exact=True).dblclick()
    assert (lists.lit(), lists.order()) == ([0, 2], [2, 3, 4])
    assert [act["verdict"] for act in lists.sent()[-1]["acts"]] == ["negative"]
    lists.button(4).click()
    assert (lists.lit(), lists.order()) == ([0, 4], [2, 3, 4])
    assert verdicts(lists, 4) == ("true", "false", "positive")
    lists.answer(lists=reranked(lists, 3, 2), left={"4": "positive"})
    assert lists.order() == [2, 3, 4]
    lists.page.mouse.move(0, 0)
    assert (lists.lit(), lists.order()) == ([0, 2], [3, 2])  # at its height, and there is none below


def test_a_note_is_written_by_key(lists: Lists) -> None:
    lists.draw(data_of([1, 2]))
    lists.press("c")
    assert lists.lit() is None
    lists.press("j", "c")
    expect(lists.page.get_by_role("textbox", name="Note")).to_be_focused()
    lists.page.keyboard.type("see table 2+")
    lists.press("Control+Enter")
    assert (lists.last_act()["act"], lists.last_act()["text"]) == ("note", "see table 2+")
    lists.press("+")  # the focus is on a button of the row
    assert lists.last_act()["rows"][0]["id"] == "docs.1"


def test_screen_says_what_may_be_claimed_and_reads_it_out_now_and_then(lists: Lists) -> None:
    claim = {"sentence": "Nothing can be claimed yet.", "needs": "It takes 59 records.", "told": "0"}
    lists.draw(screen([1, 2], claim=claim, n_marked="2 marked"))
    summary, told = lists.page.locator(".exl-claim summary"), lists.page.locator(".exl-told")
    expect(summary).to_have_text("Nothing can be claimed yet.")
    expect(lists.page.get_by_text("It takes 59 records.")).to_be_hidden()
    summary.press("Enter")
    expect(lists.page.get_by_text("It takes 59 records.")).to_be_visible()
    first = told.text_content()
    assert first == "Progress: +0 relevant  −0 not relevant  ?0 unsure. Nothing can be claimed yet."
    lists.next(counted="+1 relevant", claim={**claim, "sentence": "Still nothing."})
    expect(summary).to_have_text("Still nothing.")
    assert told.text_content() == first
    lists.next(counted="+1 relevant", claim={**claim, "sentence": "Found.", "told": "10"})
    expect(told).to_have_text("Progress: +1 relevant. Found.")
    expect(lists.page.get_by_role("button", name="2 marked: show")).to_be_hidden()  # here they are never shown
    lists.next(view="lists", claim=None)
    expect(summary).to_be_hidden()


def test_the_lit_row_of_screen_has_its_title_whole(lists: Lists) -> None:
    title = " ".join(["A very long title of a paper"] * 8)
    lists.page.set_viewport_size({"width": 420, "height": 900})
    lists.draw(screen([1, 2, 3], rows={"1": document(1, title=title), "2": document(2), "3": document(3)}))
    fits = "each => each.scrollWidth <= each.clientWidth && each.scrollHeight <= each.clientHeight"
    assert lists.row(1).locator(".exl-head").evaluate(fits)
    first, second = lists.row(1).bounding_box(), lists.row(2).bounding_box()
    assert first
    assert second
    assert first["y"] + first["height"] == second["y"]
    assert lists.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_narrow_window_shows_one_list(lists: Lists) -> None:
    lists.page.set_viewport_size({"width": 420, "height": 900})
    lists.draw(data_of([1, 2, 3], [3, 2, 1]))
    expect(lists.page.get_by_role("list")).to_have_count(1)
    expect(lists.row(3, 1)).to_be_in_viewport()
    expect(lists.page.get_by_role("button", name="Learned from your marks")).to_have_attribute("aria-pressed", "true")
    lists.page.get_by_role("button", name="By similarity").click()
    expect(lists.page.get_by_role("list", name="By similarity")).to_be_visible()
    for each in (
        lists.button(1),
        lists.button(1, "Not relevant"),
        lists.page.get_by_role("button", name="By similarity"),
    ):
        box = each.bounding_box()
        assert min(box["width"], box["height"]) >= 40
    lists.row(2).locator(".exl-title").click()
    assert lists.sent()[-1]["open"] == 2
    for name in ("Relevant", "Not relevant", "Unsure", "More like this", "Note"):
        box = lists.page.locator(".exl-deeds").get_by_role("button", name=name, exact=True).bounding_box()
        assert min(box["width"], box["height"]) >= 40
    assert lists.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    lists.press("l")
    assert lists.lit() == [1, 2]
    expect(lists.page.get_by_role("list", name="Learned from your marks")).to_be_visible()


def test_a_tap_opens_a_row_and_holds_no_list(browser: Browser) -> None:
    context = browser.new_context(has_touch=True, viewport={"width": 420, "height": 900})
    lists = Lists(context.new_page())
    lists.draw(data_of([1, 2, 3], fold=True))
    lists.button(2).tap()
    lists.answer(lists=[a_list("knn", "By similarity", [1, 3])])
    assert lists.order() == [1, 3]
    lists.row(1).locator(".exl-text").tap()
    assert lists.sent()[-1]["open"] == 1
    assert lists.errors == []
    context.close()


def test_rows_glide_unless_the_person_wants_no_motion(lists: Lists) -> None:
    lists.page.emulate_media(reduced_motion="no-preference")
    lists.draw(data_of([1, 2, 3]))
    expect(lists.row(1)).to_have_css("transition-property", "transform")
    expect(lists.row(1)).to_have_css("transition-duration", "0.15s")
    lists.page.emulate_media(reduced_motion="reduce")
    expect(lists.row(1)).to_have_css("transition-property", re.compile("none|all"))
    expect(lists.row(1)).to_have_css("transition-duration", "0s")


# ---- boxes ----


@pytest.mark.parametrize("box", ["Query", "Note"])
@pytest.mark.parametrize(
    ("typed", "kept"), [("a" * 1_000_001, 1_000_000), ("ab\ud83d", 3), ("a" * 999_999 + "\U0001f600", 10**6)]
)
def test_what_is_typed_is_bounded_and_has_no_half_of_a_sign(lists: Lists, box: str, typed: str, kept: int) -> None:
    lists.draw(data_of([1]))
    lists.press("j", "Enter")
    if box == "Note":
        lists.page.get_by_role("button", name="Note", exact=True).click()
    value = lists.page.get_by_label(box, exact=True).evaluate(
        """(box, typed) => {
          let heard
          box.addEventListener("input", () => (heard = box.value))
          Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), "value").set.call(box, typed)
          box.dispatchEvent(new InputEvent("input", { bubbles: true }))
          return [heard === box.value, heard.length, heard.isWellFormed(), heard.slice(0, 2)]
        }""",
        typed,
    )
    assert value == [True, kept, True, typed[:2]]


def test_the_cursor_is_in_the_box_while_there_is_no_query(lists: Lists) -> None:
    lists.page.evaluate("mount({ empty: true })")
    expect(lists.page.get_by_label("Query")).to_be_focused()
    lists.page.locator("#inside").focus()
    lists.page.evaluate("mount({ empty: true })")
    expect(lists.page.locator("#inside")).to_be_focused()


def test_the_cursor_stays_where_it_is_while_there_are_lists(lists: Lists) -> None:
    lists.draw(data_of([1]))
    lists.page.evaluate("mount({ empty: false })")
    assert lists.focused() == "body"


def test_the_cursor_goes_into_a_box_that_comes_late(lists: Lists) -> None:
    lists.page.evaluate("""() => {
      const box = document.querySelector(".st-key-query_text")
      window.late = box.removeChild(box.firstElementChild)
      mount({ empty: true })
    }""")
    assert lists.focused() == "body"
    lists.page.evaluate("document.querySelector('.st-key-query_text').append(late)")
    expect(lists.page.get_by_label("Query")).to_be_focused()
