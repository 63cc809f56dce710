"""Guard the cells of a CSV file against being run as formulas by a spreadsheet."""

import re

# A spreadsheet runs a cell as a formula if it starts with one of these characters, after blanks, quotes and invisible
# characters. The full-width ones count in Japanese. (https://owasp.org/www-community/attacks/CSV_Injection)
_FORMULA = re.compile("[\\s'\"\0-\x20\u200b-\u200f\u2060\ufeff]*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?%?")


def escape_formula(text: str) -> str:
    """Return a text with an apostrophe in front if a spreadsheet would run it as a formula; a number is none."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unescape_formula(text: str) -> str:
    """Undo ``escape_formula``: remove an apostrophe in front of a formula."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text
