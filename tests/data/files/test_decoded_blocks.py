"""Text in blocks is the text in lines, whatever ends a block."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files import encodings
from exemplar.data.files.encodings import decoded_blocks, decoded_lines


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "_BLOCK", 5)


def blocks(content: bytes, encoding: str | None = None) -> list[str | Problem]:
    return list(decoded_blocks(io.BytesIO(content), "a.json", encoding))


@settings(deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ufeff")),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_blocks_are_the_text(text: str, encoding: str) -> None:
    found = blocks(text.encode(encoding))
    assert "".join(map(str, found)) == text
    assert all(len(str(block)) <= 8 for block in found)
    assert "".join(map(str, blocks(text.encode("utf-8"), "utf-8"))) == text


@pytest.mark.parametrize("content", [b"plain\ncaf\xe9\nna\xc3\xafve\n", b"caf\xe9 caf\xe9", b"a\nb\nc caf\xe9\n" * 3])
def test_what_is_not_utf_8_is_guessed_as_for_lines(content: bytes) -> None:
    lines, found = list(decoded_lines(io.BytesIO(content), "a.json")), blocks(content)
    assert [each for each in found if isinstance(each, Problem)] == [
        each for each in lines if isinstance(each, Problem)
    ]
    text = "".join(each for each in found if isinstance(each, str))
    assert text == "".join(each for each in lines if isinstance(each, str))


def test_a_character_that_is_cut_off_is_told() -> None:
    *text, problem, end = blocks("ab\ncdé".encode()[:-1])
    assert problem == Problem("line 2 of a.json", "not UTF-8, read as cp1252", left_out=False)
    assert "".join(map(str, [*text, end])) == "ab\ncdÃ"
    with pytest.raises(ExemplarError, match="it is not UTF-16 throughout; save it as UTF-8, or name its encoding"):
        blocks("ab".encode("utf-16") + b"\x00\xd8a")
    with pytest.raises(ExemplarError, match="it is not text, or its encoding can't be guessed"):
        blocks(b"a\xff\0\n")
