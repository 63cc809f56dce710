"""The language of texts is recognised, or it is not clear."""

import pytest

from exemplar.data.errors import ExemplarError
from exemplar.data.words import language
from exemplar.data.words.language import recognised_language
from exemplar.data.words.languages import is_language, language_code, language_codes, language_name, stemmer, stop_words

ENGLISH = ["The train is late today", "Where is my order?", "A disappointing film about a family in the country"]
GERMAN = ["Der Zug kommt heute zu spät.", "Wo ist meine Bestellung?", "Ein enttäuschender Film über eine Familie"]


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("en", ENGLISH),
        ("de", GERMAN),
        ("fr", ["Le train est en retard aujourd'hui", "Où est ma commande ?"]),
        ("es", ["El tren llega tarde hoy, y no me gusta nada", "¿Dónde está mi pedido?"]),
        ("ru", ["Поезд сегодня опаздывает", "Где мой заказ?"]),
        ("zh", ["我喜欢吃苹果，今天天气很好。", "火车晚点了，请稍等一会儿。"]),
        ("ja", ["りんごが好きです", "東京は大きい"]),
        ("th", ["วันนี้อากาศดีมาก", "รถไฟมาสาย"]),
        ("ar", ["القطار متأخر اليوم", "أين طلبي؟"]),
        ("hi", ["आज ट्रेन देर से आ रही है", "मेरा ऑर्डर कहाँ है?"]),
        (
            "en",
            ["def read(path: str) -> bytes:\n    '''Return the content of the file.'''\n    return open(path).read()"]
            * 3,
        ),
        ("", ["7, 8, 9", "0x7f"] * 20),
        ("", ["Anna Müller", "John Smith", "Li Wei", "Pedro González"] * 20),
        ("", []),
        ("", ["", "\n"]),
    ],
)
def test_languages_are_recognised(code: str, texts: list[str]) -> None:
    assert recognised_language(texts) == code


def test_the_language_of_most_texts_counts() -> None:
    long = [" ".join(ENGLISH * 5)] * 3 + [" ".join(GERMAN * 5)]
    assert recognised_language(long) == "en"
    assert recognised_language(long[2:]) == ""  # as many of either


def test_a_temporary_folder_that_is_full_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("py3langid.langid.LanguageIdentifier.from_model_file", full)
    with pytest.raises(ExemplarError, match="No space left .*; make room in the system's temporary folder, or"):
        language.load_recogniser.__wrapped__()  # of the cache in conftest.py


def test_a_language_has_a_code_and_a_name() -> None:
    assert language_code("de") == language_code(" german ") == language_code("German") == "de"
    assert language_name("de") == "German"
    assert (language_code("none"), language_code("auto")) == ("none", "auto")
    with pytest.raises(ExemplarError, match="'xx' is no language by its code or English name, .*, zh \\(Chinese\\)"):
        language_code("xx")


def test_every_language_has_the_words_and_stems_that_its_entry_names() -> None:
    for code in language_codes():
        assert is_language(code)
        assert isinstance(stemmer(code)("abc"), str)
        assert all(word == word.casefold() for word in stop_words(code))
    assert "the" in stop_words("en")
    assert stop_words("") == frozenset()
