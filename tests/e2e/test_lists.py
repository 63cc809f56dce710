"""The lists of the page Search in a real browser: a mark is seen at once, saved once, and counted when it is saved."""

import csv
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, WebSocketRoute, expect

from exemplar.data.building.build import build_corpus
from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.sessions.events import Marked, MarksAdded, Noted
from exemplar.retrieval.sessions.store import SessionStore
from tests.e2e.steps import (
    LEARNED,
    SIMILAR,
    button,
    counts,
    expect_drawer,
    expect_listed,
    expect_marks,
    expect_order,
    leave,
    lit,
    mark,
    marks_drawer,
    names,
    news,
    open_popover,
    order,
    ranked,
    row,
    rows,
    scroll_to,
    search,
    settle,
    show_marked,
    tab_to,
    tool,
    view,
)
from tests.support.fake_encoder import FakeEncoder
from tests.support.patience import wait_for
from tests.support.servers import Server, serving

pytestmark = pytest.mark.e2e

THINGS = ["parcel", "invoice", "kettle", "lamp", "carpet", "ladder", "bicycle", "piano"]
TROUBLES = ["came late", "was broken", "is too loud", "smells of smoke", "shows a wrong sum", "has no lid"]
N = 240  # documents of the corpus "shop"; "parcel" is in a seventh of their texts
N_VAST = 20_000

OVERLAPPING = """() => {
  const shown = [...document.querySelectorAll("button, input, select, a, [role=radio]")].filter((each) =>
    each.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !each.closest(".exl-row, label"))
  const boxes = shown.map((each) => [each, each.getBoundingClientRect()]).filter(([, box]) => box.width > 4)
  const name = (each) => each.ariaLabel || each.textContent.trim() || each.tagName
  const found = []
  for (const [a, p] of boxes)
    for (const [b, q] of boxes)
      if (a !== b && !a.contains(b) && !b.contains(a) && a.compareDocumentPosition(b) & 4)
        if (Math.min(p.right, q.right) - Math.max(p.left, q.left) > 2)
          if (Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 2) found.push(`${name(a)} and ${name(b)}`)
  return found
}"""
UNREACHABLE = """() => [...document.querySelectorAll("button, input, select, [role=radio], header a")]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }) && each.getBoundingClientRect().width > 4)
  .filter((each) => !each.closest(".exl-row"))
  .filter((each) => {
    each.scrollIntoView({ block: "nearest", inline: "nearest" })
    const { left, top, width, height } = each.getBoundingClientRect()
    const there = document.elementFromPoint(left + width / 2, top + height / 2)
    const own = each.closest("label, li") ?? each
    return !(there && (own.contains(there) || there.contains(each)))
  }).map((each) => each.ariaLabel || each.textContent.trim() || each.outerHTML.slice(0, 100))"""
N_ELEMENTS = "document.querySelectorAll('.exl *').length"
EXCERPTS = """() => Object.fromEntries([...document.querySelectorAll(".exl-row")].map((each) =>
  [each.dataset.row, each.querySelector(".exl-title").textContent + each.querySelector(".exl-text").textContent]))"""
# A person presses a key for a row that can be read and is not marked; it may be another one since a test has looked.
NOTE_PRESSED = """() => {
  window.pressed = []
  addEventListener("keydown", (event) => {
    const title = document.querySelector("[data-lit][data-mark=''] .exl-title")?.textContent ?? "…"
    title === "…" ? event.stopImmediatePropagation() : pressed.push(title)
  }, true)
}"""
NONSENSE = """[
  null, undefined, 7, "text", [], {}, { acts: "none" }, { acts: [null, 1, "x", {}, []] },
  { shown: [-1, 1e300, "x", null] },
  { message: NaN, tab: {}, place: [], open: -5, need: ["x", {}, -1, 1e99], shown: { a: 1 } },
  { message: 1, tab: "t", acts: [{ key: "k", session: "s", act: "mark", rows: "all", verdict: "positive" }] },
  { message: 1, tab: "t", acts: [{ key: "k2", session: "../../etc", corpus: "nowhere", act: "undo" }] },
  { message: 1, tab: "t", acts: [{ key: "k3", session: "s".repeat(9999), act: "ranker", side: 9, ranker: "rm -rf" }] },
  { message: 1, tab: "\\ud800", place: "x", open: 999999999, lacks: true, acts: [] },
]"""


def name_of(n: int) -> str:
    return f"{THINGS[n % 8].title()} {n}"


def shop() -> list[Document]:
    """Documents with titles that all differ; a row's id can be seen from its title."""
    found = []
    for n in range(N):
        thing, trouble, other = THINGS[n % 8], TROUBLES[n % 6], THINGS[(n // 8) % 8]
        text = f"The {thing} of customer {n} {trouble}, and the {other} too. It was bought {n % 13} days ago. " * (
            n % 3 + 1
        )
        found.append(
            Document(name_of(n).lower().replace(" ", "-"), text, (thing, trouble), {"day": str(n % 13)}, name_of(n))
        )
    return found


def tongues() -> list[Document]:
    return [
        Document("hebrew", "החבילה הגיעה מאוחר (parcel) 12.", ("עברית",), {}, "חבילה"),
        Document("arabic", "وصل الطرد متأخرا parcel.", ("عربي",), {}, "طرد"),
        Document("english", "The parcel came late, שלום.", ("English",), {}, "A parcel"),
        Document("turned", "A parcel \u202egnp.exe turned round.", ("\u202elabel",), {}, "Turned \u202eeltit"),
    ]


def vast() -> list[Document]:
    return [Document(f"item-{n}", f"word{n % 97} of item{n}, a parcel") for n in range(N_VAST)]


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the corpora of these tests; their vectors are of FakeEncoder."""
    home = tmp_path_factory.mktemp("lists") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXEMPLAR_HOME", str(home))
        for name, documents in {"shop": shop(), "tongues": tongues(), "vast": vast()}.items():
            build_corpus(Source(name, SourceSpec(name), lambda documents=documents: iter(documents)), FakeEncoder())
    return home


@pytest.fixture(scope="module")
def server(shared_home: Path) -> Iterator[Server]:
    """The server that the tests share; those that kill one have their own."""
    with serving(shared_home, fake=True) as server:
        yield server
        assert "Traceback" not in server.log.read_text()


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """A window whose tabs know the app's own files after the first."""
    window = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    yield window
    window.close()


@contextmanager
def new_tab(window: BrowserContext) -> Iterator[Page]:
    """Open a tab in which nothing may break, open a dialog, or ask for what is elsewhere."""
    unwanted: list[str] = []
    page = window.new_page()
    page.on(
        "request",
        lambda request: request.url.startswith(("http://localhost:", "data:", "blob:")) or unwanted.append(request.url),
    )
    page.on("dialog", lambda dialog: (unwanted.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: unwanted.append(str(error)))
    yield page
    assert page.get_by_test_id("stException").count() == 0
    page.close()
    assert unwanted == []


@pytest.fixture
def tab(window: BrowserContext) -> Iterator[Page]:
    with new_tab(window) as page:
        yield page


def session_of(page: Page) -> str:
    expect(page).to_have_url(re.compile("session="))
    [session_id] = re.findall(r"session=([\w-]+)", page.url)
    return session_id


def visit(page: Page, server: Server, corpus: str = "shop", query: str = "a parcel came late") -> str:
    """Search in a new session; return its id."""
    page.goto(f"{server.url}/?corpus={corpus}&q={query.replace(' ', '+')}")
    expect_listed(page)
    settle(page)
    return session_of(page)


def logged(home: Path, session_id: str) -> list[tuple[str, str | None]]:
    """Return the marks of the log, in order; those of a step in the order of its list."""
    marks: list[tuple[str, str | None]] = []
    for each in SessionStore(home / "sessions.sqlite").history(session_id):
        match each.event:
            case Marked(doc_id=doc_id, mark=verdict):
                marks.append((doc_id, verdict))
            case MarksAdded(marks=feedback, taken_back=taken_back):
                marks += [(doc_id, verdict) for verdict, doc_ids in feedback.by_mark() for doc_id in doc_ids]
                marks += [(doc_id, None) for doc_id in taken_back]
    return marks


def ids(titles: list[str]) -> list[str]:
    return [title.lower().replace(" ", "-") for title in titles]


@contextmanager
def held(server: Server) -> Iterator[None]:
    """Let a server stand still for a while."""
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        if server.process.is_alive():
            os.kill(server.process.pid, signal.SIGCONT)


def expect_pending(page: Page, *titles: str) -> None:
    """Wait until these rows of the learned list, and no others, are shown as not yet saved."""
    busy = ranked(page).locator(".exl-row[aria-busy=true]")
    expect(busy).to_have_count(len(titles))
    for title in titles:
        expect(row(page, title)).to_have_attribute("aria-busy", "true")
    expect(page.get_by_text(f"· saving {len(titles)}", exact=True)).to_be_visible()


def test_quick_clicks_are_all_taken_once_and_in_order(tab: Page, server: Server, shared_home: Path) -> None:
    session_id = visit(tab, server)
    first, second, third, *_ = order(tab)
    button(row(tab, first), first, "Relevant").dblclick()  # to mark, and to take the mark back
    expect_marks(tab)
    leave(tab)
    expect_order(tab, [first, second, third])
    for name in (first, second, third):  # before any of them is saved, and while the list is ranked anew
        button(row(tab, name), name, "Relevant").click()
    leave(tab)
    expect_marks(tab, positive=3)
    for name in (first, second, third):
        expect(row(tab, name)).to_have_count(0)
    [a, b, c] = ids([first, second, third])
    assert logged(shared_home, session_id) == [(a, "positive"), (a, None), *((each, "positive") for each in (a, b, c))]


def test_a_mark_that_is_not_saved_is_shown_as_such_and_not_counted(
    tab: Page, server: Server, shared_home: Path
) -> None:
    session_id = visit(tab, server)
    first, second, *_ = order(tab)
    before = order(tab, n=14)
    with held(server):
        button(row(tab, first), first, "Relevant").click()
        expect(row(tab, first)).to_have_accessible_name(re.compile(", marked relevant$"))
        expect_pending(tab, first)
        button(row(tab, second), second, "Not relevant").click()  # a click while the list is ranked anew
        expect_pending(tab, first, second)
        expect(counts(tab)).to_contain_text("+0 relevant −0 not relevant ?0 unsure")
        leave(tab)
        expect_order(tab, before)
        assert logged(shared_home, session_id) == []
    expect_marks(tab, positive=1, negative=1)
    expect(tab.get_by_text(re.compile("^· saving"))).to_have_count(0)
    expect(news(tab)).to_contain_text(f"Marked {second} as not relevant")
    assert logged(shared_home, session_id) == [(ids([first])[0], "positive"), (ids([second])[0], "negative")]


def test_fifty_marks_by_key_are_all_saved_in_order_and_none_twice(tab: Page, server: Server, shared_home: Path) -> None:
    session_id = visit(tab, server)
    tab.keyboard.press("Escape")
    tab.keyboard.press("j")
    tab.keyboard.press("j")
    expect(lit(tab)).to_be_focused()
    tab.evaluate(NOTE_PRESSED)
    for n in range(50):
        key = "-" if n % 5 == 4 else "+"
        wait_for(lambda n=n, key=key: tab.keyboard.press(key) or tab.evaluate("pressed.length") > n)
    expect_marks(tab, positive=40, negative=10)
    expect(lit(tab)).to_be_focused()
    titles = tab.evaluate("pressed")
    assert len({*titles}) == 50
    verdicts = ["negative" if n % 5 == 4 else "positive" for n in range(50)]
    assert logged(shared_home, session_id) == list(zip(ids(titles), verdicts, strict=True))
    tab.reload()
    expect_marks(tab, positive=40, negative=10)
    expect(tab.get_by_role("button", name="50 marked: show")).to_be_visible()


def test_a_mark_is_saved_once_though_its_server_dies_before_it_is(window: BrowserContext, shared_home: Path) -> None:
    with serving(shared_home, fake=True) as server, new_tab(window) as tab:
        session_id = visit(tab, server)
        first, second, *_ = order(tab)
        with held(server):
            button(row(tab, first), first, "Relevant").click()
            expect_pending(tab, first)
            server.stop()
        leave(tab)
        expect(row(tab, second)).to_be_visible()
        button(row(tab, second), second, "Not relevant").click()  # nothing is there to take it
        leave(tab)
        expect_pending(tab, first, second)
        expect(counts(tab)).to_contain_text("+0 relevant −0 not relevant ?0 unsure")
        assert logged(shared_home, session_id) == []
        server.start()
        expect_marks(tab, positive=1, negative=1)
        assert logged(shared_home, session_id) == [(ids([first])[0], "positive"), (ids([second])[0], "negative")]
        expect(row(tab, first)).to_have_count(0)
        assert session_of(tab) == session_id
        assert "Traceback" not in server.log.read_text()


def messages(page: Page) -> Callable[[str], None]:
    """Let messages to the server pass, be lost, or arrive twice; return what chooses between these."""
    how = ["pass"]

    def route(socket: WebSocketRoute) -> None:
        to_server = socket.connect_to_server()

        def on_message(message: str | bytes) -> None:
            for _ in range({"pass": 1, "lost": 0, "twice": 2}[how[0]]):
                to_server.send(message)

        socket.on_message(on_message)

    page.route_web_socket(re.compile("_stcore/stream"), route)
    return lambda chosen: how.__setitem__(0, chosen)


def test_a_mark_outlives_lost_messages_a_reload_and_what_arrives_twice(
    tab: Page, server: Server, shared_home: Path
) -> None:
    let = messages(tab)
    session_id = visit(tab, server)
    first, second, third, *_ = order(tab)
    let("lost")
    button(row(tab, first), first, "Relevant").click()
    expect_pending(tab, first)
    let("pass")
    tab.reload()
    expect_marks(tab, positive=1)
    expect(row(tab, first)).to_have_count(0)
    assert logged(shared_home, session_id) == [(ids([first])[0], "positive")]

    let("lost")
    mark(tab, second, "Not relevant")
    expect_pending(tab, second)
    let("pass")
    expect_marks(tab, positive=1, negative=1)  # it is said again by itself
    let("twice")
    mark(tab, third, "Relevant")
    expect_marks(tab, positive=2, negative=1)
    let("pass")
    verdicts = ["positive", "negative", "positive"]
    assert logged(shared_home, session_id) == list(zip(ids([first, second, third]), verdicts, strict=True))


def test_two_tabs_on_a_session_have_each_others_marks(
    tab: Page, window: BrowserContext, server: Server, shared_home: Path
) -> None:
    session_id = visit(tab, server)
    with new_tab(window) as other:
        other.goto(tab.url)
        first, second, third, *_ = order(other)
        assert order(tab) == order(other)
        mark(tab, first, "Relevant")
        expect_marks(tab, positive=1)
        mark(other, second, "Not relevant")
        expect_marks(other, positive=1, negative=1)
        expect(row(other, first)).to_have_count(0)
        tool(other, "Undo").click()  # the newest step, whichever tab made it
        expect_marks(other, positive=1)
        mark(other, third, "Relevant")
        expect_marks(other, positive=2)
        view(tab, "Screen")
        expect_marks(tab, positive=2)
        view(tab, "Lists")
        expect_order(tab, order(other))
    assert logged(shared_home, session_id) == [
        (ids([first])[0], "positive"),
        (ids([second])[0], "negative"),
        (ids([third])[0], "positive"),
    ]


def test_a_large_corpus_is_scrolled_through_and_the_page_stays_small(tab: Page, server: Server) -> None:
    visit(tab, server, "vast", "word7 parcel")
    expect(tab.get_by_text(f"rows 1–14 of {N_VAST:,}", exact=True)).to_be_visible()
    drawn = [tab.evaluate(N_ELEMENTS)]
    assert drawn[0] < 500
    rows(tab).first.hover()
    for last in (60, 150, 300):
        scroll_to(tab, last)
        drawn.append(tab.evaluate(N_ELEMENTS))
    expect(rows(tab).last).to_have_attribute("aria-setsize", f"{N_VAST}")
    expect(names(tab).last).to_have_text(re.compile(r"^item-\d+$"))  # its text has come, too
    name = names(tab).nth(8).inner_text()
    mark(tab, name, "Relevant")
    expect_marks(tab, positive=1)
    expect(row(tab, name)).to_have_count(0)
    drawn.append(tab.evaluate(N_ELEMENTS))
    assert max(drawn) < 500
    assert tab.evaluate("document.querySelectorAll('*').length") < 1_000


def test_text_from_right_to_left_is_read_so_and_turns_nothing_else(tab: Page, server: Server) -> None:
    visit(tab, server, "tongues", "parcel")
    expect(rows(tab)).to_have_count(4)
    directions = {}
    for title in ("חבילה", "טרד", "طرد", "A parcel"):
        if row(tab, title).count():
            for part in (".exl-title", ".exl-text"):
                directions[title, part] = (
                    row(tab, title).locator(part).evaluate("each => getComputedStyle(each).direction")
                )
    assert directions == {
        ("חבילה", ".exl-title"): "rtl",
        ("חבילה", ".exl-text"): "rtl",
        ("طرد", ".exl-title"): "rtl",
        ("طرد", ".exl-text"): "rtl",
        ("A parcel", ".exl-title"): "ltr",
        ("A parcel", ".exl-text"): "ltr",
    }
    for each in rows(tab).all():
        text, how = (
            each.locator(".exl-text").bounding_box(),
            each.get_by_role("button", name=re.compile("^Relevant")).bounding_box(),
        )
        rank = each.locator(".exl-rank").bounding_box()
        assert text
        assert how
        assert rank
        assert rank["x"] < text["x"]
        assert text["x"] + text["width"] < how["x"]
    mark(tab, "חבילה", "Relevant")
    expect_marks(tab, positive=1)
    expect(news(tab)).to_contain_text("Marked חבילה as relevant")
    turned = rows(tab).filter(has_text="gnp.exe")
    expect(turned.locator(".exl-title")).to_have_text("Turned \N{REPLACEMENT CHARACTER}eltit")


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=3
    )
    with new_tab(context) as page:
        yield page
    context.close()


def test_on_a_phone_one_list_is_shown_and_a_tap_opens_a_row(phone: Page, server: Server) -> None:
    visit(phone, server)
    expect(ranked(phone)).to_have_count(1)
    expect(ranked(phone, SIMILAR)).to_have_count(0)
    corpus, session = (phone.locator(f".st-key-session-bar {each}") for each in (".stSelectbox", ".stPopover"))
    beside = corpus.bounding_box(), session.bounding_box()
    assert all(beside)
    assert beside[0]["x"] + beside[0]["width"] <= beside[1]["x"], "the session's menu is not covered"
    similar, learned = (phone.get_by_role("button", name=title, exact=True) for title in (SIMILAR, LEARNED))
    expect(learned).to_have_attribute("aria-pressed", "true")
    first = order(phone, n=4)[0]
    row(phone, first).tap(position={"x": 120, "y": 20})
    expect(row(phone, first).get_by_role("group", name=f"Text of {first}")).to_contain_text("customer")
    for name in ("Relevant", "Not relevant", "Unsure", "More like this", "Note"):
        box = row(phone, first).get_by_role("button", name=name, exact=True).bounding_box()
        assert box
        assert box["height"] >= 40
    row(phone, first).get_by_role("button", name="Relevant", exact=True).tap()
    expect_marks(phone, positive=1)
    second = order(phone, n=4)[0]
    box = button(row(phone, second), second, "Not relevant").bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 40
    button(row(phone, second), second, "Not relevant").tap()
    expect_marks(phone, positive=1, negative=1)
    similar.tap()
    expect(ranked(phone)).to_have_count(0)
    expect_listed(phone, SIMILAR)
    expect(row(phone, first, SIMILAR)).to_have_count(0)
    assert phone.evaluate("document.scrollingElement.scrollWidth") <= 390
    assert phone.evaluate("document.querySelector('.exl').getBoundingClientRect().right") <= 390


def test_at_twice_the_size_nothing_overlaps_and_all_can_be_reached(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 720, "height": 450}, device_scale_factor=2)
    with new_tab(context) as page:
        visit(page, server)
        first = order(page, n=3)[0]
        mark(page, first, "Relevant")
        expect_marks(page, positive=1)
        for name in ("Lists", "Screen"):
            view(page, name)
            expect_listed(page)
            assert page.evaluate(OVERLAPPING) == []
            assert page.evaluate(UNREACHABLE) == []
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 720
    context.close()


def test_from_the_address_to_an_export_by_keyboard_alone(tab: Page, server: Server, tmp_path: Path) -> None:
    tab.goto(f"{server.url}/?corpus=shop")
    expect(tab.get_by_role("textbox", name="Search")).to_be_focused()
    tab.keyboard.type("a parcel came late")
    tab.keyboard.press("Enter")
    expect_listed(tab)
    settle(tab)
    tab.keyboard.press("Escape")
    names_ = order(tab)
    for key in ("j", "j"):
        tab.keyboard.press(key)
    expect(lit(tab)).to_be_focused()
    expect(lit(tab)).to_have_accessible_name(re.compile(f"^2, {names_[1]},"))
    tab.keyboard.press("+")
    expect_marks(tab, positive=1)
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("group", name=re.compile("^Text of "))).to_be_visible()
    tab.keyboard.press("?")
    expect_marks(tab, positive=1, unsure=1)
    tab.keyboard.press("Escape")
    tab.keyboard.press("/")
    tab_to(tab, "Export, import")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="Export")).to_be_visible()
    settle(tab)
    tab_to(tab, "Download")
    with tab.expect_download() as download:
        tab.keyboard.press("Enter")
    path = tmp_path / "export.csv"
    download.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        marked = {row["doc_id"]: row["mark"] for row in csv.DictReader(file) if row["mark"]}
    assert marked[ids([names_[1]])[0]] == "relevant"


def test_what_a_screen_reader_says(tab: Page, server: Server) -> None:
    visit(tab, server)
    first = order(tab)[0]
    similar = order(tab, SIMILAR)
    stops = ranked(tab).locator("[tabindex='0']")
    expect(stops).to_have_count(1)
    mark(tab, first, "Relevant")
    expect_marks(tab, positive=1)
    expect(news(tab)).to_have_text(
        re.compile(rf"^Marked {first} as relevant: (\d+ rows? moved, \d+ new|the list stays as it is)\.$")
    )
    show_marked(tab)
    expect_order(tab, [first])
    there = f"there {similar.index(first) + 1}" if first in similar else "(there|not among)"
    expect(row(tab, first)).to_have_accessible_name(re.compile(rf"^1, {first}, here 1st, {there}.*, marked relevant$"))
    expect(ranked(tab)).to_match_aria_snapshot(
        f'''
        - list "{LEARNED}":
          - listitem /1, {first}, here 1st, .*, marked relevant/:
            - text: /1 .*{first}/
            - 'button "Relevant: {first}" [pressed]': +
            - 'button "Not relevant: {first}"': −
          - listitem /2, .*, here 2nd, there (after )?\\d+(st|nd|rd|th)/:
            - text: /2 /
            - button /Relevant/: +
            - button /Not relevant/: −
        '''
    )
    expect(row(tab, first)).to_have_attribute("aria-setsize", str(N))
    expect(row(tab, first)).to_have_attribute("aria-posinset", "1")
    expect(tab.get_by_role("combobox", name="Ranker of the left list")).to_be_visible()
    expect(tab.get_by_role("heading", name=SIMILAR, level=2)).to_be_visible()
    tab.keyboard.press("j")
    expect(stops).to_have_count(1)
    expect(stops).to_be_focused()


def test_the_row_under_the_pointer_stays_and_the_focus_is_on_a_row(tab: Page, server: Server) -> None:
    visit(tab, server)
    on_body: Callable[[], bool] = lambda: tab.evaluate("document.activeElement === document.body")  # noqa: E731
    before = order(tab, n=12)
    third = before[2]
    place = row(tab, third).bounding_box()
    button(row(tab, third), third, "Relevant").click()
    expect_marks(tab, positive=1)
    expect(row(tab, third)).to_have_accessible_name(re.compile("^3, .*, marked relevant$"))
    assert row(tab, third).bounding_box() == place
    assert order(tab, n=12) == before
    expect(row(tab, third)).to_be_focused()
    leave(tab)
    expect(row(tab, third)).to_have_count(0)
    expect(lit(tab)).to_be_focused()
    assert not on_body()
    again = order(tab)[0]
    button(row(tab, again), again, "Not relevant").click()
    expect_marks(tab, positive=1, negative=1)
    tab.keyboard.press("j")  # a key lets the list follow, too
    expect(row(tab, again)).to_have_count(0)
    expect(lit(tab)).to_be_focused()
    for n, key in enumerate("+-?u", start=2):
        tab.keyboard.press(key)
        expect(counts(tab)).to_contain_text({2: "+2", 3: "−2", 4: "?1", 5: "?0"}[n])
        expect(lit(tab)).to_be_focused()
        assert not on_body()


def test_an_excerpt_never_changes_once_it_is_shown(tab: Page, server: Server) -> None:
    visit(tab, server)
    seen: dict[str, str] = {}

    def look() -> int:
        now = tab.evaluate(EXCERPTS)
        both = seen.keys() & now.keys()
        assert {each: now[each] for each in both} == {each: seen[each] for each in both}
        seen.update(now)
        return len(both)

    look()
    first, _, third, *_ = order(tab)
    mark(tab, first, "Relevant")
    expect_marks(tab, positive=1)
    assert look() > 5
    mark(tab, third, "Not relevant")
    expect_marks(tab, positive=1, negative=1)
    assert look() > 5
    opened = order(tab)[1]
    row(tab, opened).click()
    expect(
        row(tab, opened).get_by_role("group", name=f"Text of {opened}").locator(".exl-passage").first
    ).to_be_visible()
    assert look() > 5
    assert all(seen.values())


@pytest.mark.parametrize(("motion", "duration"), [("reduce", "0s"), ("no-preference", "0.15s")])
def test_rows_glide_unless_less_motion_is_wished(browser: Browser, server: Server, motion: str, duration: str) -> None:
    context = browser.new_context(reduced_motion=motion)
    with new_tab(context) as page:
        visit(page, server)
        expect(rows(page).first).to_have_css("transition-duration", duration)
    context.close()


def test_nonsense_from_a_script_breaks_neither_server_nor_page(tab: Page, server: Server, shared_home: Path) -> None:
    session_id = visit(tab, server)
    before = order(tab)
    n_said = tab.evaluate(f"() => {{ const said = {NONSENSE}; window.said = said; return said.length }}")
    for n in range(n_said):
        tab.evaluate(f"window.exemplarFeed.send(said[{n}])")
        settle(tab)
    mark(tab, before[0], "Relevant")
    expect_marks(tab, positive=1)
    assert logged(shared_home, session_id) == [(ids(before[:1])[0], "positive")]
    expect(row(tab, before[0])).to_have_count(0)
    assert "Traceback" not in server.log.read_text()


def test_the_first_minute_and_a_new_session(tab: Page, server: Server) -> None:
    tab.goto(f"{server.url}/?corpus=shop")
    box = tab.get_by_role("textbox", name="Search")
    expect(box).to_be_focused()
    expect(ranked(tab)).to_have_count(0)
    for name in ("Filters", "Marks", "Settings"):
        expect(tool(tab, name)).to_have_count(0)  # tools for rows that are not there
    sample = tab.locator(".st-key-samples").get_by_role("button").first
    query = sample.inner_text()
    sample.click()
    expect(box).to_have_value(query)
    expect_listed(tab)
    expect(tab.locator(".st-key-session-bar")).to_contain_text(query)  # the session has its name
    first = order(tab)[0]
    mark(tab, first, "Relevant")
    expect_marks(tab, positive=1)
    session_id = session_of(tab)

    tool(tab, "New").click()
    expect(ranked(tab)).to_have_count(0)
    expect(box).to_have_value("")
    expect(box).to_be_focused()
    expect(tab).not_to_have_url(re.compile(session_id))
    settle(tab)
    tab.locator(".st-key-last-sessions").get_by_role("button", name=re.compile(f"{query} · shop$")).first.click()
    expect(tab).to_have_url(re.compile(session_id))
    expect(box).to_have_value(query)
    expect_marks(tab, positive=1)
    expect_drawer(tab, *ids([first]))


def test_all_that_pass_are_marked_after_a_question_and_undone_in_one_step(
    tab: Page, server: Server, shared_home: Path
) -> None:
    session_id = visit(tab, server)
    with open_popover(tab, "Filters"):
        words = tab.get_by_role("textbox", name="Words that must occur")
        words.fill("piano smoke")
        words.press("Enter")
        ask = tab.get_by_role("button", name=re.compile(r"Mark all \d+ that pass …$"))
        expect(ask).to_be_visible()
        n = int(re.findall(r"\d+", ask.inner_text())[0])
        assert 1 < n < N
    question = tab.get_by_role("dialog", name="Mark all that pass")
    for answer in ("Mark none", "As not relevant"):
        expect_marks(tab)
        settle(tab)
        tool(tab, "Filters").click()
        expect(words).to_have_value("piano smoke")
        settle(tab)
        ask.click()
        expect(question).to_contain_text(f"Mark all {n} documents that pass the filters (with piano smoke)?")
        settle(tab)
        question.get_by_role("button", name=answer).click()
        expect(question).to_have_count(0)
        assert bool(logged(shared_home, session_id)) == (answer != "Mark none")
    expect_marks(tab, negative=n)
    expect(
        tab.get_by_text("Every document that passes the filters is marked, and marked rows are folded away.").first
    ).to_be_visible()
    assert {verdict for _, verdict in logged(shared_home, session_id)} == {"negative"}
    tool(tab, "Undo").click()
    expect_marks(tab)
    expect(rows(tab)).to_have_count(n)


def test_notes_are_written_kept_and_removed(tab: Page, server: Server, shared_home: Path) -> None:
    session_id = visit(tab, server)
    first, second, *_ = order(tab)
    note = "See table 2 <b>now</b>"
    row(tab, first).click()
    row(tab, first).get_by_role("button", name="Note", exact=True).click()
    box = row(tab, first).get_by_role("textbox", name="Note")
    expect(box).to_be_focused()
    tab.keyboard.type(f"{note}+-?u")  # keys that mark, elsewhere
    tab.keyboard.press("Backspace")
    for _ in "+-?":
        tab.keyboard.press("Backspace")
    row(tab, first).get_by_role("button", name="Save").click()
    expect(row(tab, first)).to_contain_text(f"Note: {note}")
    expect(news(tab)).to_have_text(f"Saved the note on {first}.")
    expect_marks(tab)
    tab.reload()
    expect(row(tab, first)).to_contain_text("✎")
    expect(row(tab, second)).not_to_contain_text("✎")
    row(tab, first).click()
    row(tab, first).get_by_role("button", name="Note", exact=True).click()
    expect(box).to_have_value(note)
    box.fill("")
    row(tab, first).get_by_role("button", name="Save").click()
    expect(row(tab, first)).not_to_contain_text("✎")
    expect(news(tab)).to_have_text(f"Saved the note on {first}.")
    events = [each.event for each in SessionStore(shared_home / "sessions.sqlite").history(session_id)]
    assert [(each.doc_id, each.note) for each in events if isinstance(each, Noted)] == [
        (ids([first])[0], note),
        (ids([first])[0], ""),
    ]


def test_ranges_by_shift_and_by_star_are_one_step_and_unsure_is_a_third_answer(
    tab: Page, server: Server, shared_home: Path
) -> None:
    session_id = visit(tab, server)
    first = order(tab, SIMILAR)
    button(row(tab, first[1], SIMILAR), first[1], "Relevant").click()
    button(row(tab, first[4], SIMILAR), first[4], "Relevant").click(modifiers=["Shift"])
    leave(tab)
    expect_marks(tab, positive=4)
    expect_order(tab, [first[0], *first[5:8]], SIMILAR)
    tool(tab, "Undo").click()
    expect_marks(tab, positive=1)
    expect_order(tab, [first[0], *first[2:6]], SIMILAR)

    row(tab, first[2], SIMILAR).press("*")
    for _ in range(2):
        tab.keyboard.press("j")
    expect(ranked(tab, SIMILAR).locator("[data-range]")).to_have_count(3)
    tab.keyboard.press("?")
    expect_marks(tab, positive=1, unsure=3)
    expect(ranked(tab, SIMILAR).locator("[data-range]")).to_have_count(0)
    expect_order(tab, [first[0], *first[5:8]], SIMILAR)
    assert logged(shared_home, session_id)[-3:] == [(each, "unsure") for each in ids(first[2:5])]
    with marks_drawer(tab) as lines:
        expect(lines).to_have_count(4)
        expect(tab.get_by_text("1 relevant · 3 unsure")).to_be_visible()
    tab.keyboard.press("u")
    expect_marks(tab, positive=1)
    tab.keyboard.press("Shift+U")
    expect_marks(tab, positive=1, unsure=3)
    lit_name = lit(tab).locator(".exl-title").inner_text()
    lit(tab).press("Enter")
    unsure = tab.get_by_role("button", name="Unsure", exact=True)
    expect(unsure).to_have_attribute("aria-pressed", "false")
    unsure.click()
    expect_marks(tab, positive=1, unsure=4)
    assert logged(shared_home, session_id)[-1] == (ids([lit_name])[0], "unsure")


def test_dense_and_comfortable_rows_fill_the_window(tab: Page, server: Server) -> None:
    visit(tab, server)
    stretch = tab.get_by_text(re.compile(r"^rows 1–\d+ of \d+$"))

    def whole_rows() -> int:
        expect(stretch).to_be_in_viewport(ratio=1)
        assert tab.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight - innerHeight") <= 0
        return int(re.findall(r"–(\d+)", stretch.inner_text())[0])

    assert whole_rows() >= 14
    with open_popover(tab, "Settings"):
        tab.get_by_text("Comfortable rows").click()
        expect(rows(tab).first).to_have_css("height", "92px")
    assert whole_rows() >= 8
    first = order(tab, n=5)[0]
    mark(tab, first, "Relevant")
    expect_marks(tab, positive=1)
    search(tab, "a kettle")
    expect(tab.get_by_role("button", name="The same search")).to_be_visible()
    whole_rows()  # the question takes its room from the lists
    tab.get_by_role("button", name="The same search").click()
    expect(tab.get_by_role("button", name="The same search")).to_have_count(0)
    expect(tab.get_by_text(re.compile("^rows 1–8 of "))).to_be_visible()
    expect(rows(tab).first).to_have_css("height", "92px")


def opened(page: Page) -> Locator:
    return page.get_by_role("group", name=re.compile("^Text of "))


AT_ONCE = """(name) => {
  window.exemplarFeed.send({ message: 0, tab: "another", acts: [] }) // the lists speak in the moment of the click
  ;[...document.querySelectorAll("button")].find((each) => each.textContent.includes(name)).click()
}"""


def test_the_page_follows_a_click_that_the_browser_sends_with_a_message_of_the_lists(tab: Page, server: Server) -> None:
    earlier = visit(tab, server, query="a lamp is too loud")
    visit(tab, server)
    tab.evaluate(AT_ONCE, "Mark next")
    disagree = "The rankings disagree most"
    expect_listed(tab, disagree)
    tab.evaluate(AT_ONCE, "Marks")
    expect(tab.get_by_test_id("stPopoverBody")).to_contain_text("Mark rows as relevant")
    tab.keyboard.press("Escape")
    expect(tab.get_by_test_id("stPopoverBody")).to_have_count(0)
    with open_popover(tab, "Filters"):
        words = tab.get_by_role("textbox", name="Words that must occur")
        words.fill("parcel")
        words.press("Enter")
        expect(tab.get_by_role("button", name=re.compile("^Mark all .* that pass"))).to_be_visible()
        settle(tab)
        tab.evaluate(AT_ONCE, "that pass")
        expect(tab.get_by_role("button", name="Mark none")).to_be_visible()
        tab.get_by_role("button", name="Mark none").click()
        expect(tab.get_by_role("button", name="Mark none")).to_have_count(0)
    tab.locator(".st-key-session_menu").get_by_role("button").click()
    expect(tab.get_by_role("button", name="a lamp is too loud")).to_be_visible()
    settle(tab)
    tab.evaluate(AT_ONCE, "a lamp is too loud")
    expect(tab).to_have_url(re.compile(f"session={earlier}"))
    expect(tab.get_by_role("textbox", name="Search")).to_have_value("a lamp is too loud")
    expect_listed(tab, disagree)


def test_screen_reads_one_list_to_its_end(tab: Page, server: Server, shared_home: Path) -> None:
    visit(tab, server)
    expected = order(tab)
    view(tab, "Screen")
    expect(ranked(tab, SIMILAR)).to_have_count(0)
    expect_order(tab, expected)
    expect(lit(tab)).to_have_accessible_name(re.compile(f"^1, {expected[0]}"))
    expect(opened(tab)).to_have_accessible_name(f"Text of {expected[0]}")
    expect(opened(tab)).to_contain_text("customer")
    session_id, screened = session_of(tab), []
    for n, key in enumerate("+-?+"):
        name = lit(tab).locator(".exl-title").inner_text()
        screened.append((ids([name])[0], {"+": "positive", "-": "negative", "?": "unsure"}[key]))
        tab.keyboard.press(key)
        expect(counts(tab)).to_contain_text(f"read {n + 1} of {N}")
        expect(row(tab, name)).to_have_count(0)  # what is marked leaves
        expect(lit(tab)).to_have_attribute("data-mark", "")
        expect(opened(tab)).to_have_accessible_name(f"Text of {lit(tab).locator('.exl-title').inner_text()}")
        expect(opened(tab)).to_have_count(1)
    expect_marks(tab, positive=2, negative=1, unsure=1)
    assert logged(shared_home, session_id) == screened
    below = order(tab)[int(lit(tab).get_attribute("aria-posinset") or 0)]
    tab.keyboard.press("j")
    expect(opened(tab)).to_have_accessible_name(f"Text of {below}")
    tab.keyboard.press("v")
    expect(tab.get_by_role("radio", name="Mark next")).to_be_checked()
    expect_listed(tab, "The rankings disagree most")
