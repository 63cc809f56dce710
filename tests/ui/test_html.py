import re

import pytest

from exemplar.ui import html


def test_an_excerpt_is_the_beginning_in_one_line_cut_between_words() -> None:
    assert html.excerpt("One.  Two.<br /><br />\n Words after. Words after.", 30) == "One. Two. Words after. Words …"
    assert html.excerpt("short", 30) == "short"


def test_a_word_without_end_is_cut() -> None:
    assert html.excerpt("A" * 500, 30) == "A" * 30 + " …"


def test_line_breaks_of_reviews_are_line_breaks() -> None:
    assert html.with_line_breaks("a<br />b<br>c<br/>d") == "a\nb\nc\nd"


@pytest.mark.parametrize("raw", ["![x](http://a/b.png)", "**b** $x$ :smile: `c` <i>", "[l](j)", "te*xt*\n#h"])
def test_a_spoken_name_has_no_sign_that_markdown_obeys(raw: str) -> None:
    assert re.fullmatch(r"[\w -]*", html.widget_label(raw))


def test_a_title_is_text_too() -> None:
    assert html.element("span", "x", "y", title='"><script>') == (
        '<span class="ex-x" dir="auto" title="&quot;&gt;&lt;script&gt;">y</span>'
    )
