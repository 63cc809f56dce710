"""The words that mean marks, and the usual names of the columns that hold them."""

import re

from exemplar.data.files.usual_names import plain_name
from exemplar.retrieval.feedback import Mark

# Case, and blanks, hyphens and underscores between words, do not count. Excel writes TRUE and FALSE in its language.
_WORDS: dict[Mark, str] = {
    "positive": "relevant, positive, include, included, accept, accepted, yes, y, true, t, 1, "
    "wahr, vrai, verdadero, vero, verdadeiro, waar",
    "negative": "not relevant, irrelevant, non relevant, nonrelevant, negative, exclude, excluded, reject, rejected, "
    "no, n, false, f, 0, -1, falsch, faux, falso, onwaar",
    "unsure": "unsure, maybe, uncertain, unclear, undecided, ignore, ?",
}
_MARKS: dict[str, Mark] = {word: mark for mark, words in _WORDS.items() for word in words.split(", ")}

# Usual names of columns, the most telling first.
MARK_COLUMNS = (
    *("mark", "verdict", "asreview label", "decision", "judgement", "judgment", "answer", "included", "include"),
    *("relevant", "relevance", "label included", "label"),
)
_USUAL = tuple(map(plain_name, MARK_COLUMNS))
_DECISIVE = re.compile("decision|verdict|includ|inclusion|relevan|judg|screening")  # in the name of a column

_BETWEEN_WORDS = re.compile(r"(?<=\w)[\s_-]+(?=\w)")
_WHOLE = re.compile(r"[.,]0$")  # 1.0 in a column with gaps; 1,0 where commas are decimal
_RAYYAN = re.compile(r"(?:RAYYAN-INCLUSION:|^)\s*\{([^}]*)\}")  # in its column of notes: {"Ann"=>"Included"}
_CHOICE = re.compile(r'=>\s*"([^"]*)"')


def mark_meant(word: str) -> Mark | None:
    """Return the mark that a word means; None if it means none.

    A cell of Rayyan's notes means the decision in it; decisions that differ are unsure.
    """
    if "=>" in word and (decisions := _RAYYAN.search(word)):
        return mark_of_all(_CHOICE.findall(decisions[1]))
    return _MARKS.get(_WHOLE.sub("", _BETWEEN_WORDS.sub(" ", word.strip().casefold())))


def mark_of_all(words: list[str]) -> Mark | None:
    """Return the mark that the decisions of several people mean together: unsure if they differ."""
    meant = {_MARKS.get(word.strip().casefold()) for word in words}
    return meant.pop() if len(meant) == 1 else "unsure" if meant - {None} else None


def is_decisive(name: str) -> bool:
    """Return whether a column of a name is likely to hold decisions."""
    return is_usual(name) or bool(_DECISIVE.search(plain_name(name)))


def is_usual(name: str) -> bool:
    """Return whether a column has a usual name of columns with marks."""
    return plain_name(name) in _USUAL


def place_of(name: str) -> int:
    """Return how telling the name of a column with marks is; less is more."""
    return (*_USUAL, plain_name(name)).index(plain_name(name))
