from io import BytesIO

import pytest

from exemplar.data.texts import pdf
from exemplar.data.texts.pdf import as_typed, pdf_text
from tests.support.pdf import pdf as pdf_of


@pytest.mark.parametrize(
    ("printed", "typed"),
    [
        (
            "the e\ufb00ect of \ufb01re on \ufb02ow, o\ufb03ce and ba\ufb04e",
            "the effect of fire on flow, office and baffle",
        ),
        (
            "the o \ufb03 ce, di ffi cult \ufb01 elds of classi\uf001ed \uf002ows",
            "the office, difficult fields of classified flows",
        ),
        ("sci-\ufb01 films, page 3 ff of it", "sci-fi films, page 3 ff of it"),
        ("an exam-\nple of it", "an example of it"),
        ("an exam-  \r\n  ple", "an example"),
        ("soft exam\u00ad\nple, other exam\u2010\nple", "soft example, other example"),
        ("a state-of-\nthe-art method", "a state-of-the-art method"),
        ("pages 10-\n12, COVID-\n19, Anna-\nMaria, E-\nmail", "pages 10-\n12, COVID-\n19, Anna-\nMaria, E-\nmail"),
        ("- one\n- two", "- one\n- two"),
        ("a dash -\nand more", "a dash -\nand more"),
        ("Gr\u00fc-\n\u00dfe, gr\u00fc-\n\u00dfen", "Gr\u00fc\u00dfe, gr\u00fc\u00dfen"),
    ],
)
def test_a_printed_text_is_read_as_it_would_be_typed(printed: str, typed: str) -> None:
    assert as_typed(printed) == typed


def test_a_fault_of_the_program_is_no_broken_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise TypeError("a fault")

    monkeypatch.setattr(pdf, "as_typed", fail)
    with pytest.raises(TypeError, match="^a fault$"):
        pdf_text(BytesIO(pdf_of("Hello")), 1000)
