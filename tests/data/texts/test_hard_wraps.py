"""Lines that the width of a page broke become paragraphs; lines that mean something stay."""

import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.data.documents import Document
from exemplar.data.texts.hard_wraps import one_line_title, without_hard_wraps
from tests.support.reading import documents, read, write

SENTENCE = "Wild bees nest in the parks of small towns, where flowers bloom from spring to autumn"


@settings(deadline=None)
@given(st.lists(st.integers(2, 6), min_size=1, max_size=4), st.integers(60, 80))
def test_wrapped_paragraphs_are_lines(lengths: list[int], width: int) -> None:
    paragraphs = [f"{', and '.join([SENTENCE] * n)}." for n in lengths]
    wrapped = "\n  ".join("\n".join(textwrap.wrap(each, width)) for each in paragraphs)
    expected = "\n".join(paragraphs)
    assert without_hard_wraps(f"  {wrapped}\n") == expected
    assert without_hard_wraps(wrapped.replace("\n  ", "\n\n").replace("\n", "\r\n")) == expected


@pytest.mark.parametrize(
    "text",
    [
        "A short line\nand another",  # a poem
        f"Aim: {SENTENCE}.\nMethods: {SENTENCE}.\nResults: {SENTENCE}.",
        f"{SENTENCE}, {SENTENCE}\n{SENTENCE}",
        f"{SENTENCE}\n{SENTENCE}, {SENTENCE}",
        f"{SENTENCE}\n- one\n- two\n- three",
        "",
    ],
)
def test_other_lines_stay(text: str) -> None:
    assert without_hard_wraps(f"  {text}\n") == text


def test_a_title_is_one_line() -> None:
    assert (
        one_line_title(" Cross sections at Tevatron and\n  LHC energies ")
        == "Cross sections at Tevatron and LHC energies"
    )
    assert one_line_title("two  blanks") == "two  blanks"


def test_abstracts_and_titles_are_folded_and_no_other_text(tmp_path: Path) -> None:
    wrapped = f"  {SENTENCE}\n{SENTENCE}.\n"
    row = {"id": "0704.0001", "title": "Bees in\n  towns", "abstract": wrapped}
    folded = Document("0704.0001", f"{SENTENCE} {SENTENCE}.", title="Bees in towns")
    assert documents(read(write(tmp_path / "rows.jsonl", [row]))) == [folded]
    assert documents(read(write(tmp_path / "rows.csv", [{"text": wrapped}]))) == [Document("0", wrapped)]
