"""What a newcomer does, in a real browser, with the real model over the demo corpus."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.steps import (
    LEARNED,
    SIMILAR,
    by_path,
    choose,
    expect_drawer,
    expect_listed,
    expect_marks,
    expect_order,
    mark,
    marks_drawer,
    names,
    open_popover,
    order,
    ranked,
    row,
    rows,
    search,
    settle,
    show_marked,
    view,
)

WARNING = "\N{WARNING SIGN}\N{VARIATION SELECTOR-15}"

pytestmark = [pytest.mark.e2e, pytest.mark.model]


def test_search_mark_rerank_remove_reload(visitor: Page) -> None:
    search(visitor, "fill missing values")
    knn, unmarked = order(visitor, SIMILAR, 15), order(visitor)
    assert "fillna" in "".join(knn[:2])

    first = unmarked[4]
    mark(visitor, first, "Relevant")
    expect_marks(visitor, positive=1)
    expect(row(visitor, first)).to_have_count(0)  # it is folded away
    once_marked = order(visitor)
    assert once_marked != [name for name in unmarked if name != first][:10]
    expect_order(visitor, [name for name in knn if name != first][:10], SIMILAR)

    # The rows have moved; a click still belongs to the row that the person sees.
    moved = [name for rank, name in enumerate(once_marked) if name in unmarked and name != unmarked[rank]]
    second = moved[-1]
    mark(visitor, second, "Not relevant")
    expect_marks(visitor, positive=1, negative=1)
    expect_drawer(visitor, second, first)
    expect_order(visitor, [name for name in knn if name not in (first, second)][:10], SIMILAR)
    twice_marked = order(visitor)
    assert twice_marked != [name for name in once_marked if name != second][:10]

    visitor.reload()
    expect_marks(visitor, positive=1, negative=1)
    expect_order(visitor, twice_marked)
    with marks_drawer(visitor):
        visitor.get_by_role("button", name="Remove").first.click()  # of the newest
        expect_marks(visitor, positive=1)
    expect_order(visitor, once_marked)

    visitor.reload()
    expect_listed(visitor)
    expect_drawer(visitor, first)
    expect_order(visitor, once_marked)
    expect(visitor.get_by_role("textbox", name="Search")).to_have_value("fill missing values")


def test_the_rankers_and_c_are_the_users_choice(visitor: Page) -> None:
    search(visitor, "merge two tables")
    knn, usual = order(visitor, SIMILAR), order(visitor)
    took = re.compile(r"\d+ ms · \d+ scans? · [\d,]+ support rows · (settled|exact)")
    expect(visitor.get_by_role("heading", name=LEARNED)).to_have_attribute("title", took)

    with open_popover(visitor, "Settings"):
        slider = visitor.get_by_role("slider", name="C")
        for _ in range(10):
            slider.press("ArrowRight")
        expect(visitor.get_by_test_id("stPopoverBody").get_by_text("10.0", exact=True).first).to_be_visible()
        expect(names(visitor)).not_to_have_text(usual)

    chosen = visitor.get_by_role("combobox", name="Ranker of the right list")
    chosen.select_option("Exemplar SVM")
    expect(visitor.get_by_text(re.compile(r"^Exemplar SVM · \d+ ms$"))).to_be_visible()
    assert order(visitor, SIMILAR) == knn
    by_svm = order(visitor)
    assert by_svm != usual
    mark(visitor, by_svm[3], "Relevant")
    expect_marks(visitor, positive=1)
    expect(visitor.get_by_role("heading", name=LEARNED)).to_have_attribute("title", took)
    visitor.reload()
    expect(chosen).to_have_value("svm")
    expect(visitor.get_by_role("combobox", name="Ranker of the left list")).to_have_value("knn")


def test_more_like_this_and_an_empty_query(visitor: Page) -> None:
    search(visitor, "   ")
    expect(visitor.get_by_text("Type what you are looking for, then press Enter.")).to_be_visible()
    search(visitor, "train a linear classifier")
    name = order(visitor, SIMILAR)[0]
    expect(row(visitor, name, LEARNED)).to_have_count(1)
    row(visitor, name, SIMILAR).click()
    row(visitor, name, SIMILAR).get_by_role("button", name="More like this").click()
    expect(visitor.get_by_text(re.compile(rf"^More like {re.escape(name)} "))).to_be_visible()
    for title in (SIMILAR, LEARNED):
        expect(row(visitor, name, title)).to_have_count(0)  # of the lists before, both had it
        expect_listed(visitor, title)


def test_a_hostile_file_is_built_and_shown_as_plain_text(visitor: Page, tmp_path: Path) -> None:
    texts = [
        "<script>window.owned = 1</script>",
        "<img src='http://example.invalid/x.png' onerror='window.owned = 2'>",
        "**bold** [a link](http://example.invalid) $x^2$ :smile: :red[red]",
        "plain words about cats",
    ]
    path = tmp_path / "hostile <b>.csv"
    path.write_text("\n".join(["te*xt*", *(f'"{text}"' for text in texts)]))
    by_path(visitor)
    visitor.get_by_role("textbox", name="Path").fill(f"{path}.gone.csv")
    visitor.get_by_role("button", name="Look at it").click()
    told = visitor.locator(".st-key-new-build").get_by_role("alert")
    expect(told).to_have_text(f"{WARNING} There is no file or folder {path}.gone.csv")
    settle(visitor)
    visitor.get_by_role("textbox", name="Path").fill(str(path))
    visitor.get_by_role("button", name="Look at it").click()
    expect(visitor.get_by_text("choose the Text column")).to_be_visible()
    choose(visitor, "Text column", "te*xt*")
    expect(visitor.locator(".st-key-preview .ex-text")).to_have_text(texts)
    settle(visitor)
    visitor.get_by_role("button", name="Build", exact=True).click()
    built = visitor.locator(".st-key-build-hostile-b")
    expect(built).to_contain_text("Built hostile-b: 4 documents.")
    settle(visitor)
    built.get_by_role("button", name="Search hostile-b").click()
    expect(visitor.get_by_role("combobox", name="Corpus")).to_have_value(re.compile("^hostile-b"))
    search(visitor, texts[1])
    expect(rows(visitor)).to_have_count(4)
    mark(visitor, "1", "Relevant")
    expect_marks(visitor, positive=1)
    expect(rows(visitor)).to_have_count(3)
    show_marked(visitor)
    expect(rows(visitor)).to_have_count(4)
    assert sorted(visitor.locator(".exl-text").all_inner_texts()) == sorted([*texts, *texts])
    row(visitor, "1").click()
    whole = row(visitor, "1").get_by_role("group", name="Text of 1").locator(".exl-whole")
    expect(whole).to_have_attribute("aria-busy", "false")
    expect(whole).to_have_text(texts[1])
    assert visitor.evaluate("window.owned") is None
    assert visitor.locator(".exl").locator("img, script, b, strong, a").count() == 0


def test_the_corpora_page_and_back_and_the_back_button_lose_nothing(visitor: Page) -> None:
    search(visitor, "sort rows by value")
    unmarked = order(visitor)
    with open_popover(visitor, "Settings"):
        visitor.get_by_text("Comfortable rows").click()
        expect(row(visitor, unmarked[0])).to_have_css("height", "92px")
    mark(visitor, unmarked[2], "Relevant")
    expect_marks(visitor, positive=1)
    marked = order(visitor, n=5)
    assert marked != [name for name in unmarked if name != unmarked[2]][:5]

    visitor.get_by_role("link", name="Corpora").click()
    expect(visitor.get_by_role("heading", name="Corpora")).to_be_visible()
    expect(ranked(visitor)).to_have_count(0)
    expect(visitor).to_have_url(re.compile(r"/corpora\?session="))
    settle(visitor)
    visitor.reload()
    expect(visitor.get_by_role("heading", name="Corpora")).to_be_visible()
    settle(visitor)
    visitor.get_by_role("link", name="Search").click()
    expect_marks(visitor, positive=1)
    expect_order(visitor, marked)
    expect(row(visitor, marked[0])).to_have_css("height", "92px")
    expect(visitor.get_by_role("textbox", name="Search")).to_have_value("sort rows by value")

    for shown in ("Mark next", "Lists"):
        view(visitor, shown)
        visitor.get_by_role("link", name="Evaluate").click()
        expect(visitor.get_by_role("heading", name="Evaluate", exact=True)).to_be_visible()
        settle(visitor)
        visitor.get_by_role("link", name="Search").click()
        expect(visitor.get_by_role("radio", name=shown)).to_be_checked()
    expect_order(visitor, marked)

    visitor.get_by_role("link", name="Corpora").click()
    expect(visitor.get_by_role("heading", name="Corpora")).to_be_visible()
    expect(visitor).to_have_url(re.compile(r"/corpora\?session="))
    settle(visitor)
    visitor.go_back()
    if "/corpora" in visitor.url:  # naming the session in the address may have been an entry of its own
        settle(visitor)
        visitor.go_back()
    expect_drawer(visitor, unmarked[2])
    expect_order(visitor, marked)
    expect(visitor.get_by_role("textbox", name="Search")).to_have_value("sort rows by value")


def test_a_long_document_is_found_by_what_stands_at_its_end(visitor: Page, tmp_path: Path) -> None:
    end = "The volcano erupted at night, and ashes fell on the harbour."
    long = "My cat sleeps on the sofa all day. " * 60 + end
    path = tmp_path / "diary.jsonl"
    rows = [{"id": "long", "text": long}, {"id": "short", "text": "A boat trip."}, {"id": "odd", "text": ""}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    by_path(visitor)
    visitor.get_by_role("textbox", name="Path").fill(str(path))
    visitor.get_by_role("button", name="Build", exact=True).click()
    built = visitor.locator(".st-key-build-diary")
    expect(built).to_contain_text("Built diary: 2 documents.")
    expect(built).to_contain_text("Left out: line 3: no text.")
    settle(visitor)
    built.get_by_role("button", name="Search diary").click()
    expect(visitor.get_by_role("combobox", name="Corpus")).to_have_value(re.compile("^diary"))
    search(visitor, "lava and ash from a mountain")
    expect(names(visitor, SIMILAR)).to_have_text(["long", "short"])
    found = row(visitor, "long", SIMILAR)
    whole = found.get_by_role("group", name="Text of long")
    expect(whole).to_have_count(0)
    found.click()
    expect(whole).to_contain_text(long)
    passage = "".join(whole.locator(".exl-passage").all_inner_texts())
    assert passage.endswith(end)
    assert len(passage) < len(long) / 2
