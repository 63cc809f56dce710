"""The terms of texts in several languages, and of code."""

from collections import Counter

import pytest

from exemplar.data.words.analysis import Analyser

TEXTS = {
    "en": "The dogs' DataFrame wasn\u2019t read_csv'd: COVID-19, 3.14 and 10.1000/xyz; \ufb01lms cost \u00bd \uff21.",
    "de": "Die H\u00e4user der Stra\u00dfe, gro\u00dfe Ba\u0308ume",
    "ru": "Красивые дома в Москве",
    "zh": "中国人民银行在北京。我 iPhone手机",
    "ja": "日本語のテスト、ｶﾞｷﾞ",
    "th": "นำเที่ยวประเทศไทย ก ๑๒",
    "hi": "हिन्दी भाषा की किताबें",
    "ar": "الكتب في المكتبات",
    "": "Running dogs",
}


def terms(language: str, text: str) -> list[str]:
    return sorted(Analyser(language).terms(text).elements())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("read_csv", ["read_csv", "read", "csv"]),
        ("pandas.DataFrame.fillna", ["pandas.dataframe.fillna", "panda", "datafram", "data", "frame", "fillna"]),
        ("COVID-19", ["covid-19", "covid", "19"]),
        ("10.1000/xyz", ["10.1000/xyz", "10", "1000", "xyz"]),
        ("3.14", ["3.14", "3", "14"]),
        ("readCSVFile", ["readcsvfil", "read", "csv", "file"]),
        ("std::vector", ["std::vector", "std", "vector"]),
        ("__init__ ____", ["__init__", "init"]),
        ("boundary-layer and/or GPUs", ["boundari", "layer", "gpus"]),
        ("can't", ["can't"]),
        ("don\u2019t", []),  # a stop word
        ("dog\u2019s o'brien", ["dog", "o'brien"]),
    ],
)
def test_identifiers_and_numbers_are_terms_as_a_whole_and_in_parts(text: str, expected: list[str]) -> None:
    assert terms("en", text) == sorted(expected)


def test_words_become_stems_and_stop_words_go() -> None:
    assert terms("en", "The running dogs") == ["dog", "run"]
    assert terms("de", TEXTS["de"]) == ["baum", "gross", "haus", "strass"]
    assert terms("ru", TEXTS["ru"]) == ["дом", "красив", "москв"]
    assert terms("ar", TEXTS["ar"]) == sorted(["كتب", "في", "مكتب"])
    assert terms("fr", "l'homme d\u2019aujourd'hui") == ["aujourd", "homm", "hui"]
    assert terms("tr", "IŞIK") == terms("tr", "ışık")
    assert terms("", "The running dogs") == ["dogs", "running", "the"]


def test_marks_belong_to_their_words() -> None:
    assert terms("", "हिन्दी की") == ["की", "हिन्दी"]
    assert terms("", "e\u0301te\u0301") == ["été"]
    assert terms("", "می\u200cخواهم") == ["میخواهم"]


def test_scripts_without_blanks_give_pairs_of_characters() -> None:
    assert terms("zh", "中国人") == sorted(["中国", "国人", "中", "国", "人"])
    assert terms("zh", "中") == ["中"]
    assert terms("ja", "食べる") == sorted(["食べ", "べる", "食"])
    assert terms("ja", "ｶﾞｷﾞ") == terms("ja", "ガギ") == ["ガギ"]
    assert terms("ko", "한국어 각각 가") == ["가", "국어", "한국"]  # a pair may be a stop word
    assert terms("ko", "\u1112\u1161\u11ab\u1100\u116e\u11a8") == terms("ko", "한국") == ["한국"]
    assert terms("th", "ที่ยว ก") == ["ก", "ที่ย", "ยว"]


@pytest.mark.parametrize("language", TEXTS)
def test_spans_lie_at_the_words_as_they_stand_in_the_text(language: str) -> None:
    analyser, text = Analyser(language), TEXTS[language]
    spans = list(analyser.spans(text))
    assert spans == sorted(spans, key=lambda span: span[:2])
    assert all(analyser.terms(text[start:end]) for start, end, _ in spans)
    assert Counter(term for _, _, of_word in spans for term in of_word) == analyser.terms(text)


def test_spans_of_words() -> None:
    assert list(Analyser("en").spans("The read_csv \ufb01lms")) == [
        (4, 12, ("read_csv", "read", "csv")),
        (13, 17, ("film",)),
    ]


def test_what_is_too_long_is_no_term() -> None:
    assert terms("", "a" * 101) == []
    assert terms("", "/".join(["abc"] * 40)) == ["abc"] * 40
