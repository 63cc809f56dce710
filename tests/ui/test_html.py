import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.ui import html


def shown(marked_up: str) -> str:
    return unescape(re.sub(r"<.*?>", "", marked_up))


def marked(marked_up: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'<mark class="ex-carried" dir="auto">(.*?)</mark>', marked_up)]


@given(st.text(max_size=80), st.lists(st.integers(0, 80), max_size=6, unique=True))
def test_marks_change_nothing_of_a_text(raw: str, places: list[int]) -> None:
    places = sorted(place for place in places if place <= len(raw))
    spans = list(zip(places[::2], places[1::2], strict=False))
    found = html.with_marks(raw, spans, str)
    assert unescape(re.sub(r'</?mark(?: class="ex-carried" dir="auto")?>', "", found)) == raw
    assert set(re.findall(r"<\s*(/?[a-z]+)", found)) <= {"mark", "/mark"}


def test_an_excerpt_begins_where_its_marks_do() -> None:
    text = "Words before. " * 20 + "Here it is. " + "Words after. " * 20
    start = text.index("Here")
    found = html.excerpt_with(text, [(start, start + 11)], 60)
    assert shown(found) == "… Here it is. Words after. Words after. Words after. Words …"
    assert marked(found) == ["Here it is."]


def test_an_excerpt_without_marks_or_with_early_ones_is_the_beginning() -> None:
    text = "One. Two. " + "Words after. " * 20
    assert shown(html.excerpt_with(text, [], 30)) == "One. Two. Words after. Words …"
    assert shown(html.excerpt_with(text, [(5, 9)], 30)) == "One. Two. Words after. Words …"
    assert shown(html.excerpt_with("short", [], 30)) == "short"
    assert marked(html.excerpt_with(text, [(5, 9), (200, 210)], 30)) == ["Two."]


def test_a_word_without_end_is_cut() -> None:
    assert shown(html.excerpt_with("A" * 500, [(0, 500)], 30)) == "A" * 30 + " …"


def test_line_breaks_of_reviews_are_line_breaks() -> None:
    assert html.with_line_breaks("a<br />b<br>c<br/>d") == "a\nb\nc\nd"
    assert shown(html.excerpt_with("a  b<br /><br />\n c", [], 30)) == "a b\nc"
    assert shown(html.with_marks("a<br />b", [(0, 1)])) == "a\nb"


@pytest.mark.parametrize("raw", ["![x](http://a/b.png)", "**b** $x$ :smile: `c` <i>", "[l](j)", "te*xt*\n#h"])
def test_a_spoken_name_has_no_sign_that_markdown_obeys(raw: str) -> None:
    assert re.fullmatch(r"[\w -]*", html.widget_label(raw))


def test_a_title_is_text_too() -> None:
    assert html.element("span", "x", "y", title='"><script>') == (
        '<span class="ex-x" dir="auto" title="&quot;&gt;&lt;script&gt;">y</span>'
    )
