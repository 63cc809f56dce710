"""Analysis: the terms of a text, by which documents and queries meet."""

import re
import threading
from collections import Counter
from collections.abc import Iterator

from exemplar.data.words.characters import (
    APOSTROPHE,
    HAN,
    JOINT,
    SUBWORD,
    UNSPACED,
    is_word,
    normalised,
    raw_spans,
    raw_words,
)
from exemplar.data.words.languages import snowball_version, stemmer, stop_words

_VERSION = 1  # increases with every change of the terms that a text has
_LONGEST = 100  # characters of a term; what is longer is no word: base64, a sequence of bases
_MOST_KNOWN = 2**17  # words
_IDENTIFYING = re.compile(r"[.:@\d]")  # in a word whose whole is a term: boundary-layer gives its parts alone
_ELIDING = ("ca", "fr", "it")  # l'eau: an apostrophe stands between two words
_DOTLESS = ("az", "tr")  # their i keeps its dot, or its lack of one, in capitals
_DOTS = str.maketrans({"I": "\N{LATIN SMALL LETTER DOTLESS I}", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}": "i"})


def analysis_version() -> str:
    """Return the version of the analysis; an index that another one made has other terms."""
    return f"{_VERSION}, Snowball {snowball_version()}"


class Analyser:
    """Turns the texts of one language into terms.

    A word becomes its stem, unless it is a stop word. An identifier or number of several parts (``read_csv``,
    ``COVID-19``, ``pandas.DataFrame``) becomes a term as a whole, and its parts become terms; other words with a hyphen
    or slash give their parts alone, which ranks better (nDCG@10 .554 against .552 on six sets). In scripts without
    blanks between words every pair of neighbouring characters is a term, and every Han character.

    Parameters
    ----------
    language
        ISO 639-1 code such as ``en``; empty if it is not known: no stop words, no stems.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._stop_words = stop_words(language)
        self._stem = stemmer(language)
        self._lock = threading.Lock()  # a stemmer must not be used by two threads at once
        self._known: dict[str, tuple[str, ...]] = {}

    def terms(self, text: str) -> Counter[str]:
        """Return every term of a text with its count."""
        terms: Counter[str] = Counter()
        for word, count in Counter(raw_words(text)).items():
            for term in self._terms_of(word):
                terms[term] += count
        return terms

    def spans(self, text: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Yield start, end and terms of every word that has terms, ascending; pairs of characters overlap."""
        for start, end in raw_spans(text):
            if terms := self._terms_of(text[start:end]):
                yield start, end, terms

    def analyse(self, word: str) -> tuple[str, ...]:
        """Return the terms of a word as ``raw_words`` returns it, repeated ones included."""
        if not word.isascii():
            plain = normalised(word)
            if UNSPACED.match(word):
                return self._of_pair(plain.casefold())
            if not is_word(plain):  # a sign of several words, such as a fraction
                return tuple(term for part in raw_words(plain) for term in self.analyse(part))
            word = plain
        if self.language in _ELIDING and "'" in word:
            return tuple(term for part in APOSTROPHE.split(word) for term in self.analyse(part))
        parts = JOINT.split(word)
        terms = [term for part in parts for term in self._of_part(part)]
        if len(parts) > 1 and len(word) <= _LONGEST and _IDENTIFYING.search(word):
            terms.insert(0, self._lower(word))
        return tuple(terms)

    def _terms_of(self, word: str) -> tuple[str, ...]:
        terms = self._known.get(word)
        if terms is None:
            terms = self.analyse(word)
            if len(word) <= _LONGEST:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[word] = terms
        return terms

    def _of_pair(self, pair: str) -> tuple[str, ...]:
        """Return the terms of a pair of characters or of a single one; a Han character of a pair is a term itself."""
        terms = () if len(pair) > 1 and pair in self._stop_words else (pair,)
        return (*terms, pair[0]) if len(pair) > 1 and HAN.match(pair) else terms

    def _of_part(self, part: str) -> Iterator[str]:
        """Yield the terms of a word without joints: itself, and its parts if it is an identifier."""
        lower, is_snake = self._lower(part), "_" in part
        is_camel = part[1:] != lower[1:] and not part.isupper()
        subwords = SUBWORD.findall(part) if is_snake or is_camel else []
        if not is_snake:
            yield from self._of_word(lower)
        elif subwords and len(part) <= _LONGEST:
            yield lower
        if is_snake or len(subwords) > 1:
            for subword in subwords:
                yield from self._of_word(self._lower(subword))

    def _of_word(self, word: str) -> tuple[str, ...]:
        if word in self._stop_words or len(word) > _LONGEST:
            return ()
        with self._lock:
            return (self._stem(word),)

    def _lower(self, word: str) -> str:
        if self.language in _DOTLESS:
            word = word.translate(_DOTS)
        return word.casefold()
