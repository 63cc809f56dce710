"""Sample queries: what one could look for in a corpus, in the words of its own documents."""

import re
import unicodedata
from collections.abc import Iterator

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.documents import Document
from exemplar.data.words.characters import UNSPACED

_TRIED = 8  # documents for a query
_READ = 600  # characters of a text
_FEWEST, _MOST = 2, 6  # words
_LONGEST = 30  # letters of a word; what is longer is no word
_FEWEST_UNSPACED, _MOST_UNSPACED = 4, 16  # characters, in scripts without blanks between words
_SHORT = 3  # letters of a word at which no query is cut off: most are articles and the like
_TELLING, _BARELY_TELLING = 5, 4  # letters of a word that says something
_WITHIN = "'\u2019-\u2010\u2011\u200c\u200d"  # of a word: apostrophes, hyphens, joiners
_TAG = re.compile("</?[a-zA-Z][^<>]*>")
_EAST_ASIAN_SIGN = re.compile("([\u3001-\u3004\u3008-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65])")


def sample_queries(corpus: DocumentStore, n: int = 3) -> list[str]:
    """Return up to n short queries that a corpus can answer, always the same ones.

    Each is the title or the first words of a document, two to six plain words, from documents far apart in the corpus:
    one of each nth of it. A document whose words are identifiers, numbers or code alone gives none.
    """
    queries: dict[str, str] = {}  # by their first two words
    for part in range(n):
        for row in _rows(corpus.n_documents, part, n):
            [document] = corpus.documents_at([row])
            query = _query_from(document)
            beginning = " ".join(query.casefold().split()[:_FEWEST])
            if query and beginning not in queries:
                queries[beginning] = query
                break
    return list(queries.values())


def _rows(n_documents: int, part: int, n_parts: int) -> list[int]:
    """Return some rows of one part of a corpus, from its middle outwards."""
    first, last = part * n_documents // n_parts, (part + 1) * n_documents // n_parts
    steps = range(1, 2 * _TRIED, 2) if last > first else ()
    rows = {first + step * (last - first) // (2 * _TRIED) for step in steps}
    return sorted(rows, key=lambda row: (abs(2 * row - first - last), row))


def _query_from(document: Document) -> str:
    """Return plain words with which a document begins; empty if it has none."""
    for text in (document.title or "", document.text[:_READ]):
        runs = [_shortened(words) for words in _stretches(text)]
        for n_telling, n_letters in ((2, _TELLING), (1, _BARELY_TELLING)):
            for words in runs:
                if _is_query(words, n_telling, n_letters):
                    return " ".join(words)
    return ""


def _stretches(text: str) -> Iterator[list[str]]:
    """Yield runs of plain words; punctuation and whatever is no plain word end a run."""
    run: list[str] = []
    for token in _EAST_ASIAN_SIGN.sub(r" \1 ", _TAG.sub(" . ", text)).split():
        opening, word, closing = _parts(token)
        is_plain = _is_plain(word)
        if opening or not is_plain:
            yield run
            run = []
        if is_plain:
            run.append(word)
        if closing:
            yield run
            run = []
    yield run


def _parts(token: str) -> tuple[str, str, str]:
    """Return the punctuation before a word, the word, and the punctuation behind it."""
    start, end = 0, len(token)
    while start < end and unicodedata.category(token[start])[0] == "P":
        start += 1
    while end > start and unicodedata.category(token[end - 1])[0] == "P":
        end -= 1
    return token[:start], token[start:end], token[end:]


def _is_plain(word: str) -> bool:
    """Return whether a token is a word of letters, and no identifier such as ``readCSV``."""
    if not word or not all(unicodedata.category(sign)[0] in "LM" or sign in _WITHIN for sign in word):
        return False
    parts = re.split("[-\u2010\u2011'\u2019]", word)
    if any(part[1:] != part[1:].lower() and not part.isupper() for part in parts):
        return False
    return len(word) <= _LONGEST or _is_unspaced(word)


def _shortened(words: list[str]) -> list[str]:
    """Return the first words of a run; the last one is not short, unless the run ends there."""
    if any(map(_is_unspaced, words)):
        return [_cut(word) for word in words if _is_unspaced(word)][:1]
    first = words[:_MOST]
    if len(words) > _MOST:
        while len(first) > _FEWEST and _is_cased(first[-1]) and len(first[-1]) <= _SHORT:
            first.pop()
    return first


def _cut(word: str) -> str:
    """Return the first characters of a word, with the marks of the last one."""
    end = min(len(word), _MOST_UNSPACED)
    while end < len(word) and unicodedata.category(word[end])[0] == "M":
        end += 1
    return word[:end]


def _is_query(words: list[str], n_telling: int, n_letters: int) -> bool:
    if len(words) == 1 and _is_unspaced(words[0]):
        return len(words[0]) >= _FEWEST_UNSPACED
    telling = [word for word in words if len(word) >= (n_letters if _is_cased(word) else _FEWEST)]
    return len(words) >= _FEWEST and len(telling) >= n_telling


def _is_cased(word: str) -> bool:
    return word.lower() != word.upper()


def _is_unspaced(word: str) -> bool:
    """Return whether a word is of a script without blanks between words; Korean has them."""
    return any(UNSPACED.match(sign) and not unicodedata.name(sign, "").startswith("HANGUL") for sign in word)
