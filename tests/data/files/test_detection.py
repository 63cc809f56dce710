"""Encodings of one byte a letter, recognised by the letters that they give."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.files import detection
from exemplar.data.files.detection import Guess, guess
from tests.support.languages import paragraphs, rows

WESTERN = [
    "The food at the café was good but the service was slow.",
    "It costs 20 €, which is fair enough.",
    "Señor Ortega never answered the phone.",
    "Prices rose by £5 this year.",
    "“A great film”, she said.",
    "I can’t believe it’s over.",
    "The lamp doesn’t work. It’s been dark since Monday, and nobody’s answered. I won’t buy here again, you’re late.",
    "It’s a café. “Don’t go”, she said – we’re staying… It isn’t far, they’ve told us, and you’ll like it.",
    "The temperature was 30 °C in the room.",
    "Rockets – a history of small engines",
    "Das war schön.",
    "La leçon est finie.",
    "Più tardi andiamo al mare.",
    "Não gostei do filme.",
    "© 2020 Some Company Ltd",
    "½ cup of sugar and 1 egg",
    "Trademark™ names are not translated",
    "see § 5 of the contract",
    "café",
    "Øl og vin",
    "10 × 20 cm",
    "café naïve résumé déjà vu, été",
    "½ cup sugar",
    "¾ cup flour",
    "à la mode",
    "première",
    "château",
    "Molière",
]


def decoded(text: str, encoding: str) -> str:
    found = guess(text.encode(encoding))
    return text.encode(encoding).decode(found.encoding, errors="replace") if found else ""


@pytest.mark.parametrize(("language", "encoding", "text"), list(paragraphs()))
def test_a_paragraph_keeps_all_its_letters(language: str, encoding: str, text: str) -> None:
    assert decoded(text, encoding) == text


def test_most_rows_of_a_few_words_keep_all_their_letters() -> None:
    wrong = [(language, encoding, row) for language, encoding, row in rows() if decoded(row, encoding) != row]
    assert len(wrong) <= 0.03 * len(list(rows()))


@pytest.mark.parametrize("text", WESTERN)
def test_western_text_with_a_single_letter_or_sign_beyond_ascii_stays_right(text: str) -> None:
    assert decoded(text, "cp1252") == text


@given(st.binary(max_size=60))
def test_no_guess_makes_controls(content: bytes) -> None:
    text = re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", b" ", content)
    found = guess(text)
    if found is not None:
        cut = text if found.encoding not in ("gb18030", "cp932", "cp949", "big5hkscs", "euc_jis_2004") else b""
        assert not re.search(r"[\x80-\x9f]", cut.decode(found.encoding, errors="replace"))


def test_bytes_with_zeros_are_no_text() -> None:
    assert guess(b"caf\xe9\0") is None


@pytest.mark.parametrize("language", ["de", "pl", "ru", "el"])
def test_a_text_that_is_cut_amid_a_character_is_guessed_as_a_whole_one(language: str) -> None:
    text, encoding = next((text, encoding) for name, encoding, text in paragraphs() if name == language)
    assert guess(text.encode(encoding)[:-20]) == guess(text.encode(encoding))
    japanese = next(text for name, encoding, text in paragraphs() if encoding == "shift_jis").encode("shift_jis")
    assert guess(japanese[:51]) == Guess("cp932", is_sure=True)


def test_a_guess_that_another_encoding_nearly_equals_is_not_sure() -> None:
    assert guess("Balíček dorazil".encode("cp1250")) == Guess("cp1250", is_sure=False)
    long = next(text for name, encoding, text in paragraphs() if (name, encoding) == ("ru", "koi8-r"))
    assert guess(long.encode("koi8-r")) == Guess("koi8-r", is_sure=True)


@pytest.mark.parametrize("language", ["de", "fr", "es", "pt", "it", "sv", "da", "nb"])
def test_plain_western_text_needs_no_recogniser(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = next(text for name, encoding, text in paragraphs() if (name, encoding) == (language, "iso8859-1"))

    def no_recogniser(sample: bytes) -> dict[str, float]:
        raise AssertionError

    monkeypatch.setattr(detection, "_confidences", no_recogniser)
    assert detection.guess.__wrapped__(text.encode("cp1252")) == Guess("cp1252", is_sure=True)


def test_romanian_with_words_and_a_letter_of_portuguese_is_not_western() -> None:
    text = "O carte de la o prietenă, că mâine e o zi cu soare, dar nu se poate pleca de acasă"
    assert decoded(text, "cp1250") == text
