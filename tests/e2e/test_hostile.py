"""Hostile documents, names, addresses and sessions in a real browser: all of it is text, none runs, nothing leaves."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from exemplar.data.building.build import build_corpus
from exemplar.data.documents import Document
from exemplar.retrieval.evaluation.result import EvaluationResult
from exemplar.retrieval.evaluation.saved import read_evaluation, save_evaluation
from exemplar.retrieval.sessions.events import Marked, Named, Queried
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import SessionStore
from exemplar.ui import html
from tests.e2e.steps import (
    LEARNED,
    button,
    expect_listed,
    expect_marks,
    leave,
    marks_drawer,
    names,
    news,
    open_popover,
    ranked,
    rows,
    settle,
    tool,
    view,
)
from tests.support import hostile
from tests.support.fake_encoder import FakeEncoder
from tests.support.hostile import ENDLESS, EVIL, HOSTILE, TEXTS, squeezed
from tests.support.paths import ROOT
from tests.support.real_builds import real_encoder
from tests.support.servers import serving

pytestmark = [pytest.mark.e2e, pytest.mark.model]

IMAGE, SCRIPT, MARKDOWN = HOSTILE["image"], HOSTILE["script"], HOSTILE["markdown"]
SESSION = "hostile-session"

# What a page holds that it did not put there itself: elements in text, attributes that run or load, Markdown.
FOREIGN = """() => {
  const own = ["DIV", "SPAN", "MARK", "B", "KBD", "STYLE", "P"]
  const ofLists = ["UL", "LI", "BUTTON", "H2", "H3", "SMALL", "SELECT", "OPTION", "ASIDE", "TEXTAREA", "svg", "path"]
  const found = [...document.querySelectorAll(".stHtml *")].filter((each) => !own.includes(each.tagName))
  const drawn = [...document.querySelectorAll(".exl *:not(details.exl-claim, details.exl-claim > summary)")]
  found.push(...drawn.filter((each) => !own.includes(each.tagName) && !ofLists.includes(each.tagName)))
  for (const each of document.querySelectorAll("*"))
    for (const { name, value } of each.attributes)
      if (/^on|^(src|href|xlink:href|srcdoc|action|data|style|content)$/.test(name) && /evil|ran=/.test(value))
        found.push(each)
  const obeyed = [...document.querySelectorAll("[data-testid=stMarkdownContainer]")]
  found.push(...obeyed.filter((each) => /evil[.]|ran=|[$]x|:red|[*][*]/.test(each.innerText)))
  return found.map((each) => each.outerHTML.slice(0, 200))
}"""
# What stands out of the page at its right, as a word without an end would.
BROKEN = """() => [...document.querySelectorAll("[data-testid=stMain], .stHtml, .exl, .exl-scroll, .exl-read")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.outerHTML.slice(0, 200))"""
TITLES = ("Exemplar", "Search", "Sessions", "Corpora", "Evaluate")
PARTS = """rows => rows.map((row) =>
  [".exl-title", ".exl-label", ".exl-text"].map((part) => row.querySelector(part)?.textContent ?? ""))"""
PASTE = """(box, { text, times }) => {
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(box, text.repeat(times))
  box.dispatchEvent(new Event("input", { bubbles: true }))
}"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An app over a home in which everything is hostile."""
    home = tmp_path_factory.mktemp("hostile") / "home"
    fill(home)
    with serving(home) as server:
        yield server.url
    assert "Traceback" not in server.log.read_text()


def documents() -> list[Document]:
    """The hostile documents, every second one with a title."""
    found = hostile.documents()
    return [replace(each, title=f"{each.doc_id} titled") if n % 2 else each for n, each in enumerate(found)]


def fill(home: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXEMPLAR_HOME", str(home))
        build_corpus(hostile.source("hostile", documents()), real_encoder(), whole=True)
        endless = [Document("text", "word " * (ENDLESS // 5)), *hostile.endless_documents()]
        build_corpus(hostile.source("vast", endless), FakeEncoder(), whole=True)
        result = json.loads((ROOT / "benchmarks" / "evaluation.json").read_text())
        sets = result["sets"][: len(TEXTS)]
        for number, each in enumerate(sets):
            each |= {"name": TEXTS[number], "model": TEXTS[-number - 1]}
        save_evaluation(EvaluationResult.from_json(result | {"command": MARKDOWN, "sets": sets}))
    for number, text in enumerate(reversed(TEXTS)):
        session = Session(f"{SESSION}{number}", "hostile")
        for event in (Queried(text), Marked(text, "positive"), Named(text.replace("\0", ""))):
            SessionStore(home / "sessions.sqlite").record(session, event)


@pytest.fixture(scope="module")
def window(browser: Browser, browser_context_args: dict) -> Iterator[BrowserContext]:
    """What the tests share of a browser, so that it knows the app's own files after the first."""
    window = browser.new_context(**browser_context_args)
    yield window
    window.close()


@pytest.fixture
def visitor(window: BrowserContext, url: str) -> Iterator[Page]:
    """A page; nothing may run, open, break or be asked for elsewhere meanwhile."""
    unwanted: list[str] = []
    page = window.new_page()

    def is_own(address: str) -> bool:
        own = address.startswith((url, url.replace("http", "ws", 1), "data:", "blob:"))
        return own or bool(unwanted.append(address))

    page.route("**/*", lambda route: route.continue_() if is_own(route.request.url) else route.abort())
    page.on("websocket", lambda socket: is_own(socket.url))
    page.on("dialog", lambda dialog: (unwanted.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: unwanted.append(str(error)))
    page.on("console", lambda said: unwanted.append(said.text) if said.type == "error" else None)
    page.on("frameattached", lambda frame: unwanted.append(frame.url))
    page.on("popup", lambda popup: unwanted.append(popup.url))
    yield page
    check(page)
    page.close()
    assert unwanted == []


def check(page: Page) -> None:
    """Check that what is drawn is the page's own, and that nothing of what is shown has run."""
    settle(page)
    assert page.evaluate(FOREIGN) == []
    assert page.evaluate("window.ran") is None
    assert page.get_by_test_id("stException").count() == 0
    assert page.title() in TITLES
    assert page.evaluate(BROKEN) == []


def shown(places: Locator) -> list[str]:
    return [squeezed(text) for text in places.all_inner_texts()]


def go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    check(page)


def open_list(page: Page, label: str) -> Locator:
    """Open a list to choose from; return its options."""
    settle(page)
    box = page.get_by_role("combobox", name=label, exact=True)
    box.scroll_into_view_if_needed()
    # The list closes as the page scrolls, and a browser tells of that only with the next frame.
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    box.click()
    expect(page.get_by_role("option").last).to_be_visible()
    return page.get_by_role("option")


def status(page: Page) -> Locator:
    return page.locator(".exl-info")


def named(page: Page, name: str, title: str = LEARNED) -> Locator:
    """Return the row of a name, by its place: blanks and signs without a width are shown otherwise."""
    place = [*map(squeezed, names(page, title).all_text_contents())].index(squeezed(name))
    return rows(page, title).nth(place)


def open_row(page: Page, name: str, title: str = LEARNED) -> Locator:
    """Open a row; return the place of its text once that is there."""
    named(page, name, title).locator(".exl-text").click()
    text = page.get_by_role("group", name=re.compile("^Text of "))
    expect(text.locator(".exl-passage").first).to_be_visible()
    return text


def test_documents_are_text_in_rows_marks_and_every_view(visitor: Page, url: str) -> None:
    visitor.set_viewport_size({"width": 1440, "height": 2200})  # all rows are in view
    visitor.goto(f"{url}/?corpus=hostile&q=words")
    expect_listed(visitor)
    with open_popover(visitor, "Settings"):
        visitor.get_by_role("radio", name="One").click()
        expect(ranked(visitor, "By similarity")).to_have_count(0)
    view(visitor, "Lists")
    visitor.mouse.move(700, 1000)
    visitor.mouse.wheel(0, 100)  # asks for the last ones
    expect(rows(visitor)).to_have_count(2 * len(TEXTS))
    expect(names(visitor).filter(has_text=re.compile("^…$"))).to_have_count(0)
    check(visitor)
    found = {squeezed(name): [*map(squeezed, parts)] for name, *parts in rows(visitor).evaluate_all(PARTS)}
    assert found == {
        squeezed(html.shortened(each.title, 270) if each.title else html.name(each.doc_id)): [
            squeezed(html.shortened(each.labels[0], 80)),
            squeezed(html.excerpt(each.text, 270)),
        ]
        for each in documents()
    }

    [image] = [document for document in documents() if document.doc_id == f"{IMAGE} again"]
    assert image.title
    text = open_row(visitor, image.title)
    assert squeezed(text.locator(".exl-whole").inner_text()) == squeezed(image.text)
    for name, value in (("id", image.doc_id), ("kind", IMAGE)):
        expect(text).to_contain_text(f"{name} {value}")
    opened = named(visitor, image.title)
    opened.get_by_role("button", name="Note", exact=True).click()
    opened.get_by_role("textbox", name="Note").fill(SCRIPT)
    opened.get_by_role("button", name="Save").click()
    expect(opened).to_contain_text(f"Note: {SCRIPT}")
    expect(news(visitor)).to_contain_text(f"Saved the note on {image.title}.")
    check(visitor)
    control = HOSTILE["control"]
    named(visitor, control).get_by_role("button", name=re.compile("^Relevant: ")).first.click()
    leave(visitor)
    expect_marks(visitor, positive=1)
    named(visitor, image.title).locator(".exl-text").click()
    expect(visitor.get_by_role("group", name=re.compile("^Text of "))).to_have_count(0)
    open_row(visitor, image.title)  # again: it names the marks that it is near to
    opened = named(visitor, image.title)
    expect(opened).to_contain_text("because: like nul")
    check(visitor)
    button(opened, image.title, "Not relevant").click()
    leave(visitor)
    expect_marks(visitor, positive=1, negative=1)
    with marks_drawer(visitor) as lines:
        expect(lines).to_have_count(2)
        assert shown(lines.locator(".ex-id")) == [squeezed(image.doc_id), squeezed(control)]
        expect(lines.first).to_contain_text(f"Note: {SCRIPT}")
        check(visitor)

    view(visitor, "Mark next")
    least_sure = "The learned list is least sure"
    expect_listed(visitor, least_sure)
    check(visitor)
    assert {*map(squeezed, names(visitor, least_sure).all_text_contents())} < found.keys()

    view(visitor, "Why")
    points = visitor.locator(".st-key-why-chart .mark-symbol.role-mark path")
    expect(points.last).to_be_visible()
    check(visitor)
    points.last.hover()  # what is not relevant is drawn last
    hint = visitor.locator("#vg-tooltip-element")
    expect(hint.locator(".value").first).to_have_text(image.doc_id)
    expect(hint.locator("img")).to_have_count(0)
    points.last.click()
    clicked = "The clicked document"
    expect(names(visitor, clicked)).to_have_text(image.title)
    open_row(visitor, image.title, clicked)
    check(visitor)

    rows(visitor, clicked).get_by_role("button", name="More like this").click()
    query = visitor.locator(".st-key-query-document")
    expect(query).to_contain_text(f"More like {image.title}")
    visitor.reload()
    expect(query).to_contain_text(f"More like {image.title}")
    expect(visitor.get_by_role("radio", name="Why")).to_be_checked()  # a reload keeps the view
    view(visitor, "Lists")
    expect_listed(visitor)
    check(visitor)


def test_labels_columns_and_values_are_text_where_they_are_filtered_by(visitor: Page, url: str) -> None:
    visitor.goto(f"{url}/?corpus=hostile&q=words")
    expect_listed(visitor)
    settle(visitor)
    tool(visitor, "Filters").click()
    for picker, value in (("Label", MARKDOWN), ("kind", SCRIPT)):
        shown_names = visitor.locator(".ex-field-name")
        expect(shown_names).to_have_count(len(TEXTS) + 2)
        assert sorted(shown(shown_names)) == sorted(map(squeezed, ["Label", "kind", *TEXTS]))
        options = open_list(visitor, picker)
        offered = {*shown(options)}
        visitor.keyboard.press("End")  # of a long list no more is drawn than there is room for
        expect(options.first).not_to_have_text("Select all")
        assert offered | {*shown(options)} == {squeezed(text) for text in ("Select all", *TEXTS)}
        check(visitor)
        visitor.keyboard.type(value[:30])
        expect(options.last).to_have_text(value)
        options.last.click()
        expect(status(visitor)).to_contain_text(f"{picker.lower()} {value}")
        settle(visitor)
        visitor.get_by_text("Both still learn from the whole corpus.").click()  # closes the options
        expect(visitor.get_by_role("listbox")).to_have_count(0)
        check(visitor)
    expect(status(visitor)).to_contain_text("0 of 32 documents")
    expect(visitor.get_by_text("No document passes the filters.").first).to_be_visible()


def test_sessions_evaluations_corpora_and_uploads_are_text(visitor: Page, url: str) -> None:
    visitor.goto(f"{url}/?corpus=hostile")
    settle(visitor)
    cells = visitor.locator("canvas [role=gridcell]")

    go(visitor, "Sessions")
    expect(cells.first).to_be_attached()
    assert {squeezed(IMAGE), squeezed(SCRIPT)} <= {*shown(cells)}
    options = open_list(visitor, "Session")
    check(visitor)
    visitor.keyboard.type(IMAGE[:30])
    expect(options.first).to_contain_text(f"{IMAGE} · hostile · ")
    options.first.click()
    settle(visitor)
    visitor.get_by_text("History", exact=True).click()
    expect(visitor.get_by_text(f"searched “{IMAGE}”")).to_be_visible()
    visitor.locator(".st-key-delete").get_by_role("button").click()
    dialog = visitor.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{IMAGE} is deleted for good.")
    check(visitor)
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_have_count(0)

    go(visitor, "Evaluate")
    expect(cells.first).to_be_attached()
    expect(visitor.locator(".ex-id")).to_have_text(MARKDOWN)
    headers = shown(visitor.locator("canvas [role=columnheader]"))
    first = read_evaluation(ROOT / "benchmarks" / "evaluation.json").sets[0].results[0]
    assert squeezed(f"{IMAGE} ({first.n_queries})") in headers
    expect(visitor.get_by_role("combobox", name="Chart of")).to_have_value(IMAGE)
    check(visitor)

    go(visitor, "Corpora")
    expect(cells.first).to_be_attached()
    source = f"/nowhere/{IMAGE}/caf\N{REPLACEMENT CHARACTER}.csv"
    assert squeezed(source) in shown(cells)
    facts = visitor.locator(".st-key-corpus-chosen")
    for fact in (f"Source {source}", f"Text column {MARKDOWN}", f"Label column {SCRIPT}"):
        expect(facts).to_contain_text(fact)

    packed = io.BytesIO()
    plain = [f"plain {n}" for n in range(6)]  # a column that is mostly HTML would be read as text
    rows = [{"text": text, "label": text, "id": text, text: text} for text in (*TEXTS[:4], *plain)]
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{SCRIPT}.jsonl", "\n".join(map(json.dumps, rows)))
        archive.writestr(f"{IMAGE}.exe", "")
    upload = {"name": f"{IMAGE}.zip", "mimeType": "application/zip", "buffer": packed.getvalue()}
    visitor.locator("input[type=file]").set_input_files(upload)
    preview = visitor.locator(".st-key-preview")
    for part in (".ex-id", ".ex-label", ".ex-text"):
        expect(preview.locator(part)).to_have_text([*TEXTS[:4], plain[0]])
    expect(preview.locator(".ex-name").first).to_have_text(IMAGE)
    expect(visitor.get_by_text(f"Left out: {IMAGE}.exe: not a kind that is read.")).to_be_visible()
    check(visitor)
    assert {*map(squeezed, TEXTS[:4])} <= {*shown(open_list(visitor, "Title column"))}
    check(visitor)


def test_what_is_endless_neither_hangs_the_browser_nor_is_left_out(visitor: Page, url: str) -> None:
    doc_id = "i" * ENDLESS
    visitor.goto(f"{url}/?corpus=vast&like=text")
    similar = "By similarity"
    expect(rows(visitor, similar)).to_have_count(6)
    expect(visitor.locator(".st-key-query-document")).to_contain_text("More like text")
    check(visitor)
    place = [*names(visitor, similar).all_text_contents()].index(html.name(doc_id))
    endless = rows(visitor, similar).nth(place)
    expect(endless.locator(".exl-title")).to_contain_text(f"{doc_id[:200]} … (10,000,000 characters, ")
    endless.get_by_role("button", name=re.compile("^Relevant: ")).click()
    leave(visitor)
    expect_marks(visitor, positive=1)
    with marks_drawer(visitor) as lines:
        expect(lines.locator(".ex-id")).to_contain_text("(10,000,000 characters, ")
        check(visitor)
    rows(visitor, similar).first.locator(".exl-text").click()
    expect(visitor.get_by_role("group", name=re.compile("^Text of ")).locator(".exl-passage").first).to_be_visible()
    check(visitor)


def test_what_should_come_to_run_could_load_nothing_from_elsewhere(page: Page, url: str) -> None:
    page.goto(f"{url}/?corpus=hostile")
    settle(page)
    for attempt in (
        f"new Image().src = '{EVIL}/x.png'",
        f"fetch('{EVIL}').catch(() => null)",
        f"document.head.append(Object.assign(document.createElement('script'), {{ src: '{EVIL}' }}))",
        f"document.head.append(Object.assign(document.createElement('link'), {{ rel: 'stylesheet', href: '{EVIL}' }}))",
    ):
        with page.expect_console_message(lambda said: EVIL in said.text) as refusal:
            page.evaluate(f"() => {{ {attempt} }}")
        assert "violates the following Content Security Policy directive" in refusal.value.text, attempt


def test_an_address_and_a_pasted_query_of_any_kind_are_answered(visitor: Page, url: str) -> None:
    for address, told in (
        ({"corpus": IMAGE, "session": "../../etc/passwd", SCRIPT: IMAGE}, f"There is no corpus '{IMAGE}' here."),
        ({"corpus": "hostile", "like": SCRIPT[1:]}, f"There is no document '{SCRIPT[1:]}' in the corpus 'hostile'"),
        ({"corpus": ["vast", "hostile"], "q": [SCRIPT, IMAGE]}, ""),
        ({"corpus": "hostile", "q": HOSTILE["control"]}, ""),
        ({"corpus": "hostile", "q": "w" * 50_000}, ""),
    ):
        visitor.goto(f"{url}/?{urlencode(address, doseq=True)}")
        expect(visitor.get_by_role("combobox", name="Corpus")).to_have_value("hostile · 32")
        if told:
            expect(visitor.get_by_role("alert").filter(has_text=told)).to_be_visible()
        else:
            expect_listed(visitor)
        check(visitor)

    box = visitor.get_by_role("textbox", name="Search")
    for text, shows in (("half \ud83d a pair", "half \N{REPLACEMENT CHARACTER} a pair"), (IMAGE, IMAGE)):
        box.evaluate(PASTE, {"text": text, "times": 1})
        box.press("Enter")
        expect(visitor).to_have_url(re.compile(re.escape(urlencode({"q": shows}))))
        assert box.evaluate("box => box.value.toWellFormed()") == shows  # a browser shows half a pair as the same sign
        expect_listed(visitor)
        check(visitor)
    box.evaluate(PASTE, {"text": "word ", "times": ENDLESS // 5})
    box.press("Enter")
    told = visitor.get_by_role("alert").filter(has_text="The first 100,000 characters are the query")
    expect(told).to_be_visible()
    check(visitor)
    view(visitor, "Mark next")
    expect_listed(visitor, "The rankings disagree most")
