"""Corpora built, stopped, built on, verified and removed in a real browser, with the real model."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from exemplar.data.building.embed import SHARD
from tests.e2e.conftest import Serve
from tests.e2e.steps import SIMILAR, choose, names, open_popover, search, settle
from tests.e2e.tables import click_cell, click_row
from tests.support.patience import PATIENCE
from tests.support.servers import serving

pytestmark = [pytest.mark.e2e, pytest.mark.model]


def corpora(page: Page) -> None:
    page.get_by_role("link", name="Corpora").click()
    expect(page.get_by_role("heading", name="Build a corpus")).to_be_visible()
    settle(page)


def upload(page: Page, path: Path) -> None:
    """Upload a table in which nothing is called as a text usually is."""
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text("choose the Text column")).to_be_visible()
    settle(page)


def give_role(page: Page, table: Locator, column: str, role: str) -> None:
    """Choose the role of a column in the table of columns, by keyboard after a click."""
    settle(page)
    click_cell(table, column, 40)
    page.keyboard.press("Enter")
    editor = page.get_by_test_id("portal").get_by_role("combobox")
    expect(editor).to_be_focused()  # what is typed before goes to the table
    page.keyboard.type(role)
    expect(page.get_by_test_id("portal").get_by_role("option")).to_have_text([role])
    page.keyboard.press("Enter")
    expect(editor).to_have_count(0)
    settle(page)


def build(page: Page) -> None:
    settle(page)
    page.get_by_role("button", name="Build", exact=True).click()


def card(page: Page, name: str) -> Locator:
    """Return the place that tells of a corpus's build."""
    return page.locator(f".st-key-build-{name}")


def written(path: Path, n: int) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["subject", "words", "kind"])
        for number in range(n):
            words = f"Note {number}: " + f"the harbour of town {number} has {number * 7} boats and a lighthouse. " * 4
            writer.writerow([f"Harbour {number}", words, "<i>sea</i>" if number % 2 else "land"])
    return path


def test_an_uploaded_table_is_looked_at_built_searched_verified_and_removed(visitor: Page, tmp_path: Path) -> None:
    path = tmp_path / "my *notes*.csv"
    rows = [("subject", "words", "kind"), ("Cats", "A cat sleeps on the sofa.", "<b>pet"), ("Sea", "Waves.", "x")]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    corpora(visitor)
    upload(visitor, path)
    choose(visitor, "Text column", "words")
    preview = visitor.locator(".st-key-preview")
    expect(preview.locator(".ex-text")).to_have_text(["A cat sleeps on the sofa.", "Waves."])
    expect(preview.locator(".ex-label")).to_have_count(0)
    choose(visitor, "Label column", "kind")
    choose(visitor, "Title column", "subject")
    expect(preview.locator(".ex-title")).to_have_text(["Cats", "Sea"])
    expect(preview.locator(".ex-text")).to_have_text(["A cat sleeps on the sofa.", "Waves."])
    expect(preview.locator(".ex-label")).to_have_text(["<b>pet", "x"])
    build(visitor)
    done = card(visitor, "my-_notes")
    expect(done).to_contain_text("Built my-_notes: 2 documents.")

    settle(visitor)
    visitor.reload()
    settle(visitor)
    done.get_by_role("button", name="Search my-_notes", exact=True).click()
    expect(visitor.get_by_role("combobox", name="Corpus")).to_have_value(re.compile("my-_notes"))
    search(visitor, "a kitten naps")
    expect(names(visitor, SIMILAR)).to_have_text(["Cats", "Sea"])

    corpora(visitor)
    click_row(visitor, "my-_notes")
    expect(visitor.get_by_role("combobox", name="Corpus", exact=True)).to_have_value("my-_notes")
    chosen = visitor.locator(".st-key-corpus-chosen")
    expect(chosen).to_contain_text("my _notes_.csv (uploaded)")
    more = tmp_path / "more.csv"
    more.write_text("kind,words,subject\npet,A puppy runs in the park.,Dogs\nx,Waves.,Sea\n")
    chosen.get_by_role("button", name="Add a file").click()
    expect(visitor.get_by_role("heading", name="Add to my-_notes")).to_be_visible()
    expect(visitor.get_by_role("heading", name="Build a corpus")).to_have_count(0)
    visitor.locator("input[type=file]").set_input_files(more)
    expect(preview.locator(".ex-title")).to_have_text(["Dogs", "Sea"])
    settle(visitor)
    visitor.get_by_role("button", name="Add", exact=True).click()
    added = "Added 2 documents of more.csv (1 copy of earlier ones). Built my-_notes: 4 documents."
    expect(done).to_contain_text(added)
    settle(visitor)
    done.get_by_role("button", name="Search my-_notes", exact=True).click()
    expect(names(visitor, SIMILAR)).to_have_text(["Cats", "Dogs", "Sea"])
    with open_popover(visitor, "Filters"):
        visitor.get_by_role("combobox", name="New since").click()
        visitor.get_by_role("option", name=re.compile(": 2 rows$")).click()
        expect(visitor.get_by_text(re.compile("^2 of 4 documents · filters: new since "))).to_be_visible()
        settle(visitor)
    expect(names(visitor, SIMILAR)).to_have_text(["Dogs", "Sea"])

    corpora(visitor)
    click_row(visitor, "my-_notes")
    chosen.get_by_role("button", name="Verify").click()
    expect(chosen.get_by_role("alert")).to_contain_text("Every file of 'my-_notes' is as it was written")
    settle(visitor)
    chosen.get_by_role("button", name="Remove").click()
    question = visitor.get_by_role("dialog")
    expect(question).to_contain_text("Remove 'my-_notes' with its 4 documents?")
    question.get_by_role("button", name="Keep it").click()
    expect(question).not_to_be_visible()
    settle(visitor)
    chosen.get_by_role("button", name="Remove").click()
    question.get_by_role("button", name="Remove it").click()
    expect(question).not_to_be_visible()
    expect(card(visitor, "my-_notes")).to_have_count(0)
    settle(visitor)
    visitor.get_by_role("combobox", name="Corpus", exact=True).click()
    expect(visitor.get_by_role("option", name="docs", exact=True)).to_be_visible()
    expect(visitor.get_by_role("option", name="my-_notes", exact=True)).to_have_count(0)


def test_the_form_keeps_what_was_chosen_while_another_page_is_read(visitor: Page, tmp_path: Path) -> None:
    corpora(visitor)
    upload(visitor, written(tmp_path / "ports.csv", 5))
    table = visitor.locator(".st-key-new-build").get_by_test_id("stDataFrame")
    cells = table.locator("canvas [role=gridcell]")
    expect(cells.filter(has_text="Harbour 2")).to_be_attached()
    give_role(visitor, table, "words", "Text")
    expect(visitor.get_by_role("combobox", name="Text column")).to_have_value("words")
    give_role(visitor, table, "subject", "Title")
    preview = visitor.locator(".st-key-preview")
    expect(preview.locator(".ex-title").first).to_have_text("Harbour 0")
    visitor.get_by_role("textbox", name="Name").fill("kept")
    visitor.get_by_role("textbox", name="Name").press("Tab")
    settle(visitor)
    visitor.get_by_role("link", name="Sessions").click()
    expect(visitor.get_by_role("heading", name="Sessions")).to_be_visible()
    corpora(visitor)
    expect(visitor.get_by_text("Chosen: ports.csv")).to_be_visible()
    expect(preview.locator(".ex-title").first).to_have_text("Harbour 0")
    expect(visitor.get_by_role("textbox", name="Name")).to_have_value("kept")
    expect(visitor.get_by_role("combobox", name="Text column")).to_have_value("words")
    expect(visitor.get_by_role("combobox", name="Label column")).to_have_value("no column")


def test_a_build_outlives_its_tab_and_is_stopped_and_built_on_in_another(
    page: Page, home: Path, tmp_path: Path
) -> None:
    n, gates = SHARD + 40, tmp_path / "gates"
    for folder in (home, gates):
        folder.mkdir()
    for gate in ("quick", "full"):
        (gates / gate).touch()
    with serving(home, gates) as server:
        page.goto(server.url)
        corpora(page)
        upload(page, written(tmp_path / "harbours.csv", n))
        choose(page, "Text column", "words")
        build(page)
        expect(card(page, "harbours")).to_contain_text(f"Embedding: {SHARD} of {n}")
        other = page.context.new_page()
        address = page.url
        page.close()

        other.goto(address)
        going = card(other, "harbours")
        expect(going).to_contain_text(f"It can be searched already by words and quick vectors: {n} documents.")
        going.get_by_role("button", name="Stop").click()
        expect(going).to_contain_text("Stopping")
        (gates / "rest").touch()
        expect(going).to_contain_text("Stopped building harbours. What is embedded is kept")
        settle(other)
        choose(other, "Corpus", "harbours")
        chosen = other.locator(".st-key-corpus-chosen")
        expect(chosen).to_contain_text(re.compile(rf"unfinished.*{n}"))
        settle(other)
        chosen.get_by_role("button", name="Build on").click()
        expect(going).to_contain_text(f"Built harbours: {n} documents.")
        expect(chosen).to_contain_text("complete")
    assert "Traceback" not in server.log.read_text()


def test_a_server_that_is_stopped_while_it_embeds_ends_in_peace(serve: Serve, browser: Browser, tmp_path: Path) -> None:
    with serve() as (url, server):
        page = browser.new_context().new_page()
        page.goto(url)
        corpora(page)
        upload(page, written(tmp_path / "towns.csv", 2_000))
        choose(page, "Text column", "words")
        build(page)
        expect(card(page, "towns")).to_contain_text("Embedding: ")
        page.context.close()
        server.terminate()
        assert server.wait(PATIENCE) == 0
