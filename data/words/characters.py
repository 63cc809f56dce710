"""Regular expressions that find the words of a text, in any script.

A word is a stretch of letters, digits and underscores with the marks that follow them, and further such stretches
behind a single ``-``, ``.``, ``/``, ``@``, ``:``, ``::`` or apostrophe. Scripts that do not put blanks between words
give overlapping pairs of characters instead; a character includes its marks.
"""

import functools
import re
import unicodedata

# Chinese, Japanese, Korean; Thai, Lao; Burmese, Khmer. Only letters: marks and digits come below.
_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNSPACED = (
    f"{_HAN}\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff"
    "\u1100-\u11ff\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb\uff66-\uff9d\uffa0-\uffdc"
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u0edc-\u0edf"
    "\u1000-\u102a\u103f\u1050-\u1055\u105a-\u105d\u1061\u1065\u1066\u106e-\u1070\u1075-\u1081\u108e\ua9e0-\ua9e4"
    "\ua9e7-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa76\uaa7a\uaa7e\uaa7f\u1780-\u17b3\u17d7\u17dc"
)
# These stand within words, and are not word characters to Python's regular expressions.
_INVISIBLE = "\u00ad\u200c\u200d\ufe00-\ufe0f"  # soft hyphen, zero-width non-joiner and joiner, variants
_VOICED = "\uff9e\uff9f"  # half-width voicing marks of kana
_JAMO = "\u1160-\u11ff\ud7b0-\ud7fb"  # vowels and finals of a decomposed Hangul syllable

_JOINTS = "-./@:'\u2019\u2010\u2011"
_ASCII_WORD = re.compile(r"\w+(?:[-./@':]\w+|::\w+)*", re.ASCII)

HAN = re.compile(f"[{_HAN}]")
UNSPACED = re.compile(f"[{_UNSPACED}]")
JOINT = re.compile(r"[-./@]|::?")  # between the parts of a normalised word
APOSTROPHE = re.compile("'")
SUBWORD = re.compile(r"[A-Z]+s?(?![a-z])|[A-Z]?[^\W_A-Z]+|[^\W_]+")  # the parts of readCSVFile and read_csv_file


def raw_words(text: str) -> list[str]:
    """Return the words of a text as they stand in it, pairs of characters behind all others."""
    if text.isascii():
        return _ASCII_WORD.findall(text)
    words: list[str] = _word().findall(text)
    return words + _pair().findall(text) if UNSPACED.search(text) else words


def raw_spans(text: str) -> list[tuple[int, int]]:
    """Return the start and the end of every word of a text, ascending; pairs of characters overlap."""
    spans = [match.span() for match in _word().finditer(text)]
    if UNSPACED.search(text):
        spans = sorted(spans + [match.span(1) for match in _pair().finditer(text)])
    return spans


def is_word(text: str) -> bool:
    """Return whether a text is one word."""
    return _word().fullmatch(text) is not None


def normalised(word: str) -> str:
    """Return a word in Unicode's compatibility form, with plain hyphens and apostrophes, without invisible signs."""
    return unicodedata.normalize("NFKC", word).translate(_PLAIN)


_PLAIN = str.maketrans(
    {"\u2019": "'", "\u2010": "-", "\u2011": "-"}
    | dict.fromkeys(map(chr, (0xAD, 0x200C, 0x200D, *range(0xFE00, 0xFE10))))
)


@functools.cache
def _word() -> re.Pattern[str]:
    part = f"[^\\W{_UNSPACED}]+(?:[{_marks()}{_INVISIBLE}]+[^\\W{_UNSPACED}]*)*"
    return re.compile(f"{part}(?:[{_JOINTS}]{part}|::{part})*")


@functools.cache
def _pair() -> re.Pattern[str]:
    """Return a pattern whose group 1 is a pair, a last Han character, or the only character of a stretch."""
    marks = f"[{_marks()}{_VOICED}{_JAMO}\u200c\u200d]"
    # Possessive: a decomposed syllable of Hangul must not be taken for two characters.
    character = f"[{_UNSPACED}]{marks}*+"
    group = f"{character}{character}|[{_HAN}]{marks}*|(?<![{_UNSPACED}{_marks()}{_VOICED}]){character}"
    return re.compile(f"(?=({group})){character}")


@functools.cache
def _marks() -> str:
    """Return the combining marks of Unicode as ranges of a character class."""
    numbers = [n for n in (*range(0x300, 0x20000), *range(0xE0100, 0xE01F0)) if unicodedata.category(chr(n))[0] == "M"]
    ranges = []
    start = previous = numbers[0]
    for number in [*numbers[1:], -1]:
        if number != previous + 1:
            ranges.append(f"{chr(start)}-{chr(previous)}")
            start = number
        previous = number
    return "".join(ranges)
