"""The languages that a model's card names."""

from pathlib import Path

import pytest

from exemplar.data.encoders.model_files import languages_in_card


@pytest.mark.parametrize(
    ("card", "languages"),
    [
        ("---\nlanguage: en\nlicense: mit\n---\n# A model\nlanguage: de\n", {"en"}),
        ('---\nlicense: mit\nlanguage:\n- en\n  - de\n- "no"\ntags:\n- fr\n---\n', {"en", "de", "no"}),
        ("---\r\nlanguage: [en, zh-CN]\r\n---\r\n", {"en", "zh-CN"}),
        ("---\nlicense: mit\n---\nlanguage: en\n", set()),
        ("# A model\n", set()),
        ("", set()),
    ],
)
def test_the_card_of_a_model_names_its_languages(tmp_path: Path, card: str, languages: set[str]) -> None:
    (tmp_path / "README.md").write_bytes(card.encode())
    assert languages_in_card(str(tmp_path), "x") == languages


def test_a_model_without_a_card_names_no_languages(tmp_path: Path) -> None:
    assert languages_in_card(str(tmp_path), "x") == frozenset()
    assert languages_in_card("nobody/nothing", "x") == frozenset()
    assert languages_in_card("all-MiniLM-L6-v2", "x") == {"en"}
