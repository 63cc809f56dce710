"""A review of 60 papers in the view Screen, by keyboard alone, to the sentence that says when to stop."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from exemplar.data.building.build import build_corpus
from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.sessions.events import CheckDrawn, Event, Marked, Noted, Undone
from exemplar.retrieval.sessions.store import SessionStore
from tests.e2e.steps import (
    LEARNED,
    choose,
    counts,
    expect_listed,
    expect_marks,
    lit,
    news,
    open_popover,
    row,
    rows,
    settle,
    tab_to,
    tool,
)
from tests.e2e.test_access import POPOVER, violations
from tests.support.fake_encoder import FakeEncoder
from tests.support.servers import Server, serving

pytestmark = pytest.mark.e2e

N, N_RELEVANT, N_READ, N_DRAWN = 60, 20, 30, 25
DECISIONS = ["included", "excluded", "<i>later</i>"]
SUBJECTS = ["heart", "lung", "kidney", "liver", "skin", "brain"]

CLAIMED = "with 95% confidence at least 95% of the relevant records are found"


def title_of(n: int) -> str:
    kind = "Randomised trial of early statins" if n % 3 == 0 else "Survey of hospital kitchens and gardens"
    return f"{kind} {n}"


def papers() -> list[Document]:
    """Papers of which every third is relevant, as its title says."""
    found = []
    for n in range(N):
        subject = SUBJECTS[n % 5]
        relevant = f"Patients were randomised to statins or placebo; events of the {subject} were counted. " * 2
        other = f"Kitchens and gardens near wards of the {subject} were described, with their meals and beds. " * 2
        found.append(Document(f"paper-{n}", (relevant if n % 3 == 0 else other) + f"Record {n}.", (), {}, title_of(n)))
    return found


@pytest.fixture(scope="module")
def papers_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("screening") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXEMPLAR_HOME", str(home))
        build_corpus(Source("papers", SourceSpec("papers"), lambda: iter(papers())), FakeEncoder())
        decided = [replace(paper, metadata={"decision": DECISIONS[n % 3]}) for n, paper in enumerate(papers())]
        build_corpus(Source("decided", SourceSpec("decided"), lambda: iter(decided)), FakeEncoder())
    return home


@pytest.fixture(scope="module")
def server(papers_home: Path) -> Iterator[Server]:
    with serving(papers_home, fake=True) as server:
        yield server
        assert "Traceback" not in server.log.read_text()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab in which nothing may break, and which has no mouse."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def read_title(page: Page) -> str:
    """Return the title of the open row, once its whole text is there."""
    whole = lit(page).locator(".exl-whole")
    expect(whole).to_have_attribute("aria-busy", "false")
    expect(whole).to_contain_text(re.compile(r"Record \d+\."))
    return lit(page).locator(".exl-title").inner_text()


def key_for(title: str) -> str:
    return "+" if title.startswith("Randomised trial") else "-"


def judge(page: Page, n_read: int) -> str:
    """Judge the row that is lit as its title says, and wait until it has left; return its title."""
    title = read_title(page)
    page.keyboard.press(key_for(title))
    expect(counts(page)).to_contain_text(f"read {n_read} of {N}")
    expect(page.get_by_role("listitem", name=re.compile(rf"\b{re.escape(title)}$"))).to_have_count(0)
    return title


def claim(page: Page) -> Locator:
    """Return the sentence on what may be claimed."""
    return page.locator(".exl-claim summary")


def events_of(home: Path, page: Page) -> list[Event]:
    [session_id] = re.findall(r"session=([\w-]+)", page.url)
    return [each.event for each in SessionStore(home / "sessions.sqlite").history(session_id)]


def begin(page: Page, server: Server) -> None:
    """Search and go to Screen."""
    page.goto(f"{server.url}/?corpus=papers")
    expect(page.get_by_role("textbox", name="Search")).to_be_focused()
    page.keyboard.type("statins randomised")
    page.keyboard.press("Enter")
    expect_listed(page)
    settle(page)
    expect(page.get_by_role("radio", name="Lists")).to_be_checked()
    page.keyboard.press("Escape")
    page.keyboard.press("v")
    expect(page.get_by_role("radio", name="Screen")).to_be_checked()
    expect(claim(page)).to_have_text("Nothing relevant is found yet, so nothing can be claimed.")


def test_sixty_papers_are_screened_to_the_end_by_keyboard_alone(tab: Page, server: Server, papers_home: Path) -> None:
    begin(tab, server)
    judged = [judge(tab, n) for n in range(1, 11)]
    expect(news(tab)).to_contain_text(f"Marked {judged[-1]} as ")

    # A note, by its key.
    noted = read_title(tab)
    tab.keyboard.press("c")
    expect(lit(tab).get_by_role("textbox", name="Note")).to_be_focused()
    tab.keyboard.type("see table 2: + or -?")
    tab.keyboard.press("Control+Enter")
    expect(lit(tab)).to_contain_text("Note: see table 2: + or -?")
    expect(news(tab)).to_have_text(f"Saved the note on {noted}.")

    # Unsure, which is taken back: the same row is read again, and judged.
    tab.keyboard.press("?")
    expect(counts(tab)).to_contain_text("?1 unsure · read 11 of 60")
    assert read_title(tab) != noted
    tab.keyboard.press("u")
    expect(lit(tab).locator(".exl-title")).to_have_text(noted)
    expect(counts(tab)).to_contain_text("?0 unsure · read 10 of 60")
    judged.append(judge(tab, 11))
    assert judged[-1] == noted

    # Two are skipped; a reload loses nothing, and the same row is read.
    for _ in "jj":
        tab.keyboard.press("j")
    reading = read_title(tab)
    tab.reload()
    expect(lit(tab).locator(".exl-title")).to_have_text(reading)
    expect(counts(tab)).to_contain_text(f"read 11 of {N}")
    judged += [judge(tab, n) for n in range(12, N_READ + 1)]
    assert judged[11] == reading
    assert len({*judged}) == N_READ
    n_other = N_READ - N_RELEVANT
    expect(counts(tab)).to_contain_text(f"+{N_RELEVANT} relevant −{n_other} not relevant ?0 unsure · read 30 of 60")
    expect(claim(tab)).to_have_text(f"It can't be claimed yet that {CLAIMED}.")
    assert not any(isinstance(event, CheckDrawn) for event in events_of(papers_home, tab))

    # A random check: it proposes as many as it takes.
    tab_to(tab, "Random check")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("spinbutton", name=f"How many of {N - N_READ}")).to_have_value(str(N_DRAWN))
    settle(tab)
    tab_to(tab, "Draw")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("list", name=f"Random check 1: 0 of {N_DRAWN} judged")).to_be_visible()
    expect(rows(tab, LEARNED)).to_have_count(0)
    [drawn] = [event for event in events_of(papers_home, tab) if isinstance(event, CheckDrawn)]
    assert (len(drawn.doc_ids), drawn.n_unread) == (N_DRAWN, N - N_READ)
    expect(tab.get_by_test_id("stPopoverBody")).to_have_count(0)
    checked = [judge(tab, N_READ + n) for n in range(1, 6)]
    assert checked == [title_of(int(doc_id.removeprefix("paper-"))) for doc_id in drawn.doc_ids[:5]]
    tab.keyboard.press("u")
    expect(tab.get_by_role("list", name=f"Random check 1: 4 of {N_DRAWN} judged")).to_be_visible()
    expect(lit(tab).locator(".exl-title")).to_have_text(checked[-1])
    checked[4:] = [judge(tab, N_READ + n) for n in range(5, N_DRAWN)]
    expect(claim(tab)).to_contain_text("; not yet 95%.")
    checked.append(judge(tab, N_READ + N_DRAWN))

    # All are judged: the sentence says what it shows, and the ranking is back.
    expect(claim(tab)).to_have_text(f"A random check guarantees it: {CLAIMED}.")
    expect(rows(tab)).to_have_count(N - N_READ - N_DRAWN)
    assert not {*checked} & {*judged}

    marks = [event for event in events_of(papers_home, tab) if isinstance(event, Marked)]
    assert [event.found for event in marks[-N_DRAWN:]] == [{"random": 1}] * N_DRAWN
    assert [event.found["list"] for event in marks[: -N_DRAWN - 1]] == ["anchored"] * (N_READ + 1)
    assert [event.note for event in events_of(papers_home, tab) if isinstance(event, Noted)] == ["see table 2: + or -?"]
    assert sum(isinstance(event, Undone) for event in events_of(papers_home, tab)) == 2
    tab.reload()
    expect_marks(tab, positive=N_RELEVANT, negative=N_READ + N_DRAWN - N_RELEVANT)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_screen_and_its_tools_break_no_rule(browser: Browser, server: Server, scheme: str) -> None:
    page = browser.new_context(color_scheme=scheme, viewport={"width": 1440, "height": 900}).new_page()
    begin(page, server)
    for n in range(1, 4):
        judge(page, n)
    claim(page).press("Enter")
    expect(page.get_by_text(re.compile(r"^Read [\d,]+ more without a relevant one"))).to_be_visible()
    found = {"Screen": violations(page)}
    for name, has in (("Random check", "How many of 57"), ("How much is left", "The line: relevant records found.")):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_test_id("stPopoverBody")).to_contain_text(has)
        found[name] = violations(page, POPOVER)
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    assert {place: each for place, each in found.items() if each} == {}
    page.context.close()


def test_on_a_phone_a_review_is_read_by_taps(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 420, "height": 900}, has_touch=True, is_mobile=True)
    page = context.new_page()
    begin(page, server)
    title = read_title(page)
    lit(page).get_by_role("button", name="Relevant", exact=True).tap()
    expect(counts(page)).to_contain_text(f"+1 relevant −0 not relevant ?0 unsure · read 1 of {N}")
    expect(row(page, title)).to_have_count(0)
    assert read_title(page) != title
    for name in ("Random check", "How much is left"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box
        assert box["height"] >= 40
    page.get_by_role("button", name="Random check").tap()
    page.get_by_role("spinbutton").fill("2")
    page.get_by_role("spinbutton").press("Enter")
    settle(page)
    page.get_by_role("button", name="Draw", exact=True).tap()
    expect(page.get_by_role("heading", name="Random check 1: 0 of 2 judged")).to_be_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 420
    context.close()


def test_decisions_in_a_column_become_marks_and_are_undone_in_one_step(browser: Browser, server: Server) -> None:
    page = browser.new_context(color_scheme="dark", viewport={"width": 390, "height": 800}).new_page()
    page.goto(f"{server.url}/?corpus=decided&q=statins")
    expect_listed(page)
    with open_popover(page, "Export, import"):
        expect(page.get_by_role("combobox", name="Column", exact=True)).to_have_value("decision")
        choose(page, "Values that mean unsure", "<i>later</i> (20)")
        page.keyboard.press("Escape")
        expect(page.get_by_role("listbox")).to_have_count(0)
        assert violations(page, POPOVER) == []
        page.get_by_role("button", name="Take in these marks").click()
        expect(page.get_by_text("decision: 20 as relevant, 20 as not relevant, 20 as unsure.")).to_be_visible()
    expect_marks(page, positive=20, negative=20, unsure=20)
    tool(page, "Undo").click()
    expect_marks(page)
    page.context.close()
