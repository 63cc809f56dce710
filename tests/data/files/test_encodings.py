"""Bytes into lines: by marks, by zeros, by a chosen encoding, or by a guess that is told."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.encodings import decoded_lines, text_of
from exemplar.data.files.options import is_encoding


def lines(content: bytes, encoding: str | None = None) -> list[str | Problem]:
    return list(decoded_lines(io.BytesIO(content), "rows.csv", encoding))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_read(encoding: str) -> None:
    content = "id,text\n1,café 日本\n".encode(encoding)
    assert lines(content) == ["id,text\n", "1,café 日本\n"]
    assert text_of(content) == "id,text\n1,café 日本\n"


@pytest.mark.parametrize(
    ("encoding", "written"),
    [("utf-8", "utf-8-sig"), ("utf-16-le", "utf-16-le"), ("utf-16", "utf-16"), ("cp1252", "cp1252")],
)
def test_a_chosen_encoding_holds_and_a_mark_is_no_letter(encoding: str, written: str) -> None:
    mark = "\ufeff" if written == "utf-16-le" else ""
    assert lines(f"{mark}a\r\né\rb".encode(written), encoding) == ["a\r\n", "é\r", "b"]


def test_bytes_that_are_not_in_the_chosen_encoding_are_an_error() -> None:
    with pytest.raises(ExemplarError, match="it is not UTF-8 throughout; save it as UTF-8, or name its encoding"):
        lines(b"caf\xe9\n", "utf-8")


@pytest.mark.parametrize("name", ["utf-8", "CP1250", "latin1", "mac_roman", "koi8-r", "utf-16", "gb18030", "cp037"])
def test_encodings_of_text_can_be_chosen(name: str) -> None:
    assert is_encoding(name)


@pytest.mark.parametrize("name", ["", "klingon", "hex", "rot13", "base64", "idna", "punycode", "utf-8\0", "undefined"])
def test_other_codecs_can_not_be_chosen(name: str) -> None:
    assert not is_encoding(name)


def test_an_encoding_that_is_not_sure_is_told_with_what_to_do() -> None:
    found = lines("id,text\n1,Balíček dorazil\n".encode("cp1250"))
    reason = "not UTF-8, read as cp1250; if letters look wrong, choose another encoding"
    assert found[1:] == [Problem("line 2 of rows.csv", reason, left_out=False), "1,Balíček dorazil\n"]


def test_lines_that_end_in_cr_alone_are_guessed_together() -> None:
    text = "id,text\r1,Die Wärme der Tür hält für immer\r2,schöne Grüße\r"
    told, *found = lines(text.encode("mac-roman"))
    assert isinstance(told, Problem)
    assert "".join(map(str, found)) == text


@given(
    st.lists(st.text('abc ä€ß,;\t"', max_size=20), max_size=5),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_what_was_written_with_a_mark_is_what_is_read(texts: list[str], encoding: str) -> None:
    assert lines("".join(f"{text}\n" for text in texts).encode(encoding)) == [f"{text}\n" for text in texts]


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_an_error(content: bytes) -> None:
    try:
        found = lines(content)
    except ExemplarError as error:
        assert str(error).startswith("it is not")  # noqa: PT017  # only some inputs raise
    else:
        assert sum(isinstance(line, Problem) for line in found) <= 1
