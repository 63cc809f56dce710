import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.data.bibliographies.latex import plain_text_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (r"M{\"u}ller, M\"uller, M\"{u}ller", "Müller, Müller, Müller"),
        (r"{\O}rsted and \'{E}cole, {\v{C}}ech, Stra\ss e, \AA ngstr\"om", "Ørsted and École, Čech, Straße, Ångström"),
        (r"\~n, Fig.~1, (~50), ~5", "ñ, Fig. 1, (~50), ~5"),
        (r"50\% \& a\_b \#1 \$5 \{x\}", "50% & a_b #1 $5 {x}"),
        ("50% & a_b #1 x^2", "50% & a_b #1 x^2"),
        (r"$\alpha$, $x^2$, H$_2$O, $n = 5$, $p$", "α, x^2, H_2O, n = 5, p"),
        ("costs $5 and $6 or $7", "costs $5 and $6 or $7"),
        (r"\textit{E. coli} {\em grew} \textbf{fast}", "E. coli grew fast"),
        (r"p \textless{} 0.05, \textgreater 5", "p < 0.05, >5"),
        (r"\mbox{no break} \unknown{kept} C:\data", r"no break kept C:\data"),
        (r"``quoted'' a--b---c, don't", "“quoted” a–b—c, don't"),
        (r"\url{http://a_b.c/~x} and \href{http://d.e}{a page}", "http://a_b.c/~x and a page (http://d.e)"),
        ("{{Double {B}races}}", "Double Braces"),
        ("{A} b {C}", "A b C"),
        ("two\n  lines\n \n\nand a\tparagraph", "two lines\n\nand a paragraph"),
        (r"broken {brace \"u", "broken brace ü"),
        ("\\", "\\"),
        (r"\frac \sqrt", r"\frac \sqrt"),
    ],
)
def test_latex_becomes_text(value: str, text: str) -> None:
    assert plain_text_of(value) == text


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\\{}$~'`-", exclude_categories=("Cs", "Z", "C"))))
def test_text_without_latex_stays(value: str) -> None:
    assert plain_text_of(value) == value


@pytest.mark.parametrize(
    "value", ["{" * 50_000, "{" * 5000 + "x" + "}" * 5000, "$ " * 20_000, r"\a{" * 5000, "{" * 1_000_001]
)
def test_hostile_values_end(value: str) -> None:
    assert "{" not in plain_text_of(value)
