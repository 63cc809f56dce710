import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.texts import html
from exemplar.data.texts.html import cell_text, html_text, html_title, is_html
from tests.support.reading import documents, read


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>After rain my <em>tomatoes</em> split &amp; rot.</p>", "After rain my tomatoes split & rot."),
        ("<span>W</span>ord <b>x</b>y", "Word xy"),
        ("<h1>A</h1><p>b<br>c</p>d<hr>e", "A\n\nb\nc\n\nd\ne"),
        ("<ul><li>a<li>b</ul><ol><li>c</ol>", "* a\n* b\n1. c"),
        ("<table><tr><th>a<th>b<tr><td><p>c</p><td>d</table>", "a b\nc d"),
        ("<pre>x\n    y</pre>", "x\n    y"),
        ("<script>x</script>a<style>y</style><template>z</template><p style='display: none'>q</p>", "a"),
        ("<?xml version='1.0' encoding='utf-8'?>\n<html xmlns='http://www.w3.org/1999/xhtml'><p>é</p></html>", "é"),
        ("<head><title>T</title></head><body>x", "x"),
        ("a<!-- b -->c <img src='data:image/png;base64,AAAA'>", "ac"),
        ("", ""),
        ("<!-- nothing -->", ""),
        ("<div>" * 300 + "deep" + "</div>" * 300, "deep"),
        ("<div>" * 1500 + "deeper", "deeper"),
    ],
)
def test_html_becomes_text(page: str, text: str) -> None:
    assert html_text(page) == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("one\n\ntwo <b>bold</b>\nthree", "one\n\ntwo bold\nthree"),
        ("AT&amp;T &copy x &nothing; &#x27;q&#39;\n  two  blanks", "AT&T &copy x &nothing; 'q'\n  two  blanks"),
        ("&lt;div&gt;&lt;p&gt;Hello&lt;/p&gt;&lt;/div&gt;", "Hello"),
        ("write &lt;p&gt; here", "write <p> here"),
        ("<p>a<b and c, List<String> <3 x < 5</p>", "a<b and c, List<String> <3 x < 5"),
        (
            "<i>x</i> <https://example.org> <a@example.org> <your-name>",
            "x <https://example.org> <a@example.org> <your-name>",
        ),
        ("<x-note>kept</x-note> <b>x</b> <b", "kept x <b"),
        ("<jats:title>Aim</jats:title><jats:p>We <jats:italic>did</jats:italic>.</jats:p>", "Aim\n\nWe did."),
        ("<![CDATA[<p>x</p>]]>", "x"),
        ("I don&#x27;t.<p>Second", "I don't.\n\nSecond"),
        ("a < b and <3", "a < b and <3"),
    ],
)
def test_a_cell_loses_its_tags_and_nothing_else(cell: str, text: str) -> None:
    assert cell_text(cell) == text


@pytest.mark.parametrize(
    ("text", "shows"),
    [
        ("<p>x</p>", True),
        ("x &amp; y", True),
        ("a<br /><br />b", False),
        ("a < b, <3, List<String>, </String>, R&D; x && y", False),
        ("```html\n<p>x</p>\n```", False),
        ("<jats:p>x</jats:p>", True),
    ],
)
def test_closing_tags_and_entities_show_html(text: str, shows: bool) -> None:
    assert is_html(text) is shows


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z", "Cf")), min_size=1)


@given(st.lists(WORDS, min_size=1, max_size=5))
def test_words_that_are_written_as_html_are_read(words: list[str]) -> None:
    from html import escape

    assert html_text("".join(f"<p>{escape(word)}</p>" for word in words)) == "\n\n".join(words)


@given(st.lists(st.sampled_from(["<", ">", "a", "p", " ", "/", "&", "lt;", "<p>", "</p>", "=", '"', "-->", "<!--"])))
def test_no_cell_fails(parts: list[str]) -> None:
    assert isinstance(cell_text("".join(parts)), str)


def test_too_many_levels_or_tags_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ExemplarError, match="^HTML that is nested too deeply$"):
        html_text("<div>" * 3000 + "lost")
    monkeypatch.setattr(html, "_MOST_TAGS", 10)
    with pytest.raises(ExemplarError, match="^HTML with more than 10 tags$"):
        html_text("<p>" * 11)


def test_a_title_is_the_title() -> None:
    assert html_title("<html><TITLE lang=en>Bees &amp;\n wasps</TITLE>") == "Bees & wasps"
    assert html_title("<p>x</p>") is None


@pytest.mark.parametrize(
    "content",
    [
        "<meta charset=windows-1251><title>Пчёлы</title><p>дикие</p>".encode("cp1251"),
        '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r"><title>Пчёлы</title>дикие'.encode(
            "koi8-r"
        ),
        "<title>Пчёлы</title><p>дикие</p>".encode("utf-16"),
        "<meta charset=iso-8859-1><title>Пчёлы</title><p>дикие</p>".encode(),
        '<?xml version="1.0" encoding="windows-1251"?><html><title>Пчёлы</title><p>дикие</p></html>'.encode("cp1251"),
    ],
)
def test_a_page_is_read_in_its_encoding(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "page.html").write_bytes(content)
    assert documents(read(str(tmp_path / "page.html"))) == [Document("page.html", "дикие", title="Пчёлы")]


def test_a_page_without_text_or_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page.htm").write_text("<html><script>x</script></html>")
    with pytest.raises(ExemplarError, match="page.htm: no text$"):
        documents(read(str(tmp_path / "page.htm")))
    monkeypatch.setattr(html, "_MOST_BYTES", 10)
    with pytest.raises(ExemplarError, match="it is larger than 10 bytes"):
        documents(read(str(tmp_path / "page.htm")))


def test_the_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "inscriptis", None)
    monkeypatch.setitem(sys.modules, "inscriptis.html_engine", None)
    (tmp_path / "page.html").write_text("<p>x</p>")
    with pytest.raises(ExemplarError, match=r"HTML texts need the extra 'web': .*install.*exemplar\[web\]"):
        documents(read(str(tmp_path / "page.html")))
    (tmp_path / "a.csv").write_text("text\n<p>x</p>\n")
    problem, document = read(str(tmp_path / "a.csv")).read()
    assert document == Document("0", "<p>x</p>")
    assert isinstance(problem, Problem)
    assert problem.reason.startswith("HTML in column 'text' stays as it is: HTML texts need the extra 'web': ")


def test_control_characters_are_left_out() -> None:
    assert html_text("<p>a\x02b</p><z\x02a>c</z\x02a><p\x1f d='\ufffe'>d") == "ab\n\nc\n\nd"
