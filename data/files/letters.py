"""Letters that look wrong: what is left when text was decoded in another encoding than it was written in."""

import re
from collections.abc import Iterator

_AROUND = 20  # characters of context on each side of a place
_MOST_EXAMINED = 100_000  # characters of a text

# The characters that the second and later bytes of UTF-8 become in cp1252 and in Mac Roman.
_LATER = "".join(bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in range(0x80, 0xC0))
_LATER_ON_MAC = bytes(range(0x80, 0xC0)).decode("mac-roman")
# Signs that stand between no two letters, and accents without a letter below.
_SYMBOLS = (
    "\u00a1-\u00a9\u00ac\u00ae\u00af\u00b1\u00b3\u00b6\u00b8\u00b9\u00bc-\u00bf\u02c6\u02db-\u02dd\u03a9\u201a\u201e\u2020\u2021"
    "\u2030\u2039\u203a\u20ac\u2122\u2202\u2206\u220f\u2211\u221a\u221e\u222b\u2248\u2260\u2264\u2265\u2500-\u257f\u2591-\u2593\u25ca"
)

_CONTROL = r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd]+"
_TWICE_ENCODED = "|".join(
    (
        f"[\u00c2\u00c3][{re.escape(_LATER)}]",
        f"\u00e2[\u20ac\u201a\u201e\u2020\u02c6\u2030][{re.escape(_LATER)}]",
        f"(?:[\u00c4\u00c5\u00ce\u00cf\u00d0\u00d1\u00d7\u00d8\u00d9][{re.escape(_LATER)}]){{2,}}",
        f"(?:[\u00e3-\u00e9][{re.escape(_LATER)}]{{2}}){{2,}}",
        "\u00f0\u0178",
        "\u00ef\u00bb\u00bf",
        "\u221a[\u00a9\u00ae\u2020\u00b0\u2202\u2022\u00df\u00ba\u00fc\u00ee\u00a5\u2265\u00a7]",
        f"\u201a[\u00c4\u00d1\u00c7][{re.escape(_LATER_ON_MAC)}]",
        "[\u251c\u252c][\u00a1-\u00ff\u2591-\u2593]",
    )
)
_AMID_LETTERS = rf"(?<=[^\W\d_])[{_SYMBOLS}]+(?=[^\W\d_])"
_ACCENT_ALONE = r"(?<=[^\W\d_])[\u02c6\u02dc\u02c7\u02d8\u02d9\u02db\u02dd]"
# Cyrillic text as cp1252, with upper and lower case exchanged (KOI8-R), and as Mac Roman.
_CYRILLIC = "[\u00c0-\u00ff]{4,}|\\b[\u0430-\u044f][\u0410-\u042f]{2,}|(?:[\u2013\u2014][^\\W\\d_]){3,}"
_WRONG = re.compile(f"{_CONTROL}|{_TWICE_ENCODED}|{_AMID_LETTERS}|{_ACCENT_ALONE}|{_CYRILLIC}")
_WORD = re.compile(r"[^\W\d_]*[^\W\d_\x00-\x7f][^\W\d_]*")  # with a letter beyond ASCII
_ODD_CASES = re.compile("(?<=l)U(?=l|$)|l(?=Ul)|(?<=U)U(?=l)|^U(?=Ul)")  # U upper, l lower
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]+")
_SCRIPTS = re.compile(
    "([A-Za-z\u00c0-\u024f])|([\u0400-\u052f])|([\u0370-\u03ff])|([\u0590-\u05ff])|([\u0600-\u06ff])|([\uff66-\uff9f])"
)


def wrong_letters(text: str, most: int = 3) -> tuple[str, ...]:
    """Return the first places of a text whose letters look wrong, each with a few characters around it.

    These are characters that could not be decoded, controls, UTF-8 that was decoded twice (``cafÃ©``), symbols amid
    letters (``p³aca``), capitals within a word (``WŠrme``), words in two scripts, and words with no letter of ASCII.
    """
    spans: list[tuple[int, int]] = []
    for start, end in sorted(wrong_places(text[:_MOST_EXAMINED])):
        if not spans or start >= spans[-1][1] + _AROUND:
            spans.append((start, end))
        if len(spans) == most:
            break
    return tuple(_context(text, start, end) for start, end in spans)


def wrong_places(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of every place whose letters look wrong, in no order."""
    if text.isascii() and text.isprintable():
        return
    for found in _WRONG.finditer(text):
        yield found.span()
    for found in _WORD.finditer(text):
        if _has_inner_capital(found[0]) or _has_two_scripts(found[0]):
            yield found.span()


def _has_inner_capital(word: str) -> bool:
    """Return whether upper and lower case change within a word, at a letter beyond ASCII, as in no usual word."""
    if word.islower() or word.isupper() or word[1:].islower():
        return False
    if word[1:2].isupper() and not _LATIN.fullmatch(word):  # names such as those of Russian firms
        return False
    cases = "".join("U" if letter.isupper() else "l" if letter.islower() else "-" for letter in word)
    return any(
        not word[found.start() : found.end()].isascii() and not cases[found.end() :].startswith("UU")
        for found in _ODD_CASES.finditer(cases)
    )


def _has_two_scripts(word: str) -> bool:
    """Return whether a word has letters of two scripts; Greek ones are symbols in science, and do not count."""
    scripts = {found.lastindex for found in _SCRIPTS.finditer(word)} - {3}
    return len(scripts) > 1


def _context(text: str, start: int, end: int) -> str:
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    begin = "..." if start > _AROUND else ""
    rest = "..." if end + _AROUND < len(text) else ""
    return " ".join(f"{begin}{before}{text[start:end]}{after}{rest}".split())
