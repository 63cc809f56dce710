"""Letters that look wrong: found in text that was decoded wrongly, and in no other."""

import pytest

from exemplar.data.files.letters import wrong_letters
from tests.support.languages import paragraphs


@pytest.mark.parametrize("text", sorted({text for _, _, text in paragraphs()}))
def test_no_letter_of_good_text_looks_wrong(text: str) -> None:
    assert wrong_letters(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "It’s an iPhone, “quoted” – and 5 µm wide; β2 and TNFα; 20 °C; 3 € … © 2020™",
        "SÃO PAULO, CAFÉ, L'ÉTÉ À LA MER, McDonald, DVD-Spieler, Größe XL, Straßenbahn",
        "naïve façade, Škoda, ŠKODA, Łódź, Ærø, IJsland, Ð̣à Nẵng",
        "a\ttab and\r\nlines\nand \x0c pages",
        "привет USB-кабель, 100 км/ч, СССР, ВКонтакте",
        "東京タワー、ﾃｽﾄ ABC, 서울",
    ],
)
def test_signs_and_names_of_good_text_do_not_look_wrong(text: str) -> None:
    assert wrong_letters(text) == ()


@pytest.mark.parametrize("encoding", ["cp1252", "mac-roman", "cp437", "cp850"])
@pytest.mark.parametrize("text", sorted({text for _, _, text in paragraphs()}))
def test_utf8_that_was_decoded_in_another_encoding_looks_wrong(text: str, encoding: str) -> None:
    assert wrong_letters(text.encode().decode(encoding, errors="replace"))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a caf\ufffd in town", "a caf\ufffd in town"),
        ("a caf\x8e in town", "a caf\x8e in town"),
        ("Das kÃ¶nnte gut sein", "Das kÃ¶nnte gut sein"),
        ("it doesnâ€™t work", "it doesnâ€™t work"),
        ("Paczka przysz³a", "Paczka przysz³a"),
        ("Die WŠrme der TŸr", "Die WŠrme der TŸr"),
        ("Ïîñûëêà ïðèøëà", "Ïîñûëêà ïðèøëà"),
        ("рПУЩМЛБ РТЙЫМБ", "рПУЩМЛБ РТЙЫМБ"),
        ("a mix of Kit\u0430 words", "a mix of Kit\u0430 words"),
    ],
)
def test_what_looks_wrong_is_shown_with_the_characters_around_it(text: str, place: str) -> None:
    assert wrong_letters(text) == (place,)


def test_a_few_places_of_a_long_text_are_shown_and_none_twice() -> None:
    text = "\n".join(f"line {number} of a long text holds a cafÃ© and some more words" for number in range(50))
    found = wrong_letters(text, 2)
    assert [place.count("cafÃ©") for place in found] == [1, 1]
    assert all(place.startswith("...") and place.endswith("...") and len(place) < 60 for place in found)
