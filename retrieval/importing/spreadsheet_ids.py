"""Ids that a spreadsheet took for numbers: 1 for 001, 1E+05 for 100000, 123456789012345000 for a longer one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal

from exemplar.data.corpus.store import DocumentStore

_NUMBER = re.compile(r"(\d{1,100})(?:[.,](\d{1,100}))?(?:[eE]([+-]?\d{1,3}))?", re.ASCII)
_MOST_DIGITS = 15  # that a spreadsheet keeps of a number; those behind are zeros

_Key = tuple[Decimal, int]  # a number with so many digits; 0 for all of them


def numbered_ids(ids: Iterable[str], corpus: DocumentStore) -> Mapping[str, Sequence[str]]:
    """Return the ids of documents that a spreadsheet would show as some ids, by these; it reads all ids."""
    keys = {doc_id: key for doc_id in ids if (key := _key(doc_id)) is not None}
    found: dict[_Key, list[str]] = {key: [] for key in keys.values()}
    plain = {str(int(number)): (number, 0) for number, n_digits in found if n_digits == 0 and number == int(number)}
    lengths = {(n_digits, number.adjusted()) for number, n_digits in found if n_digits}
    for doc_id in corpus.doc_ids(range(corpus.n_documents)) if found else ():
        if doc_id.isdecimal() and doc_id.isascii():  # most ids are, and of most the length says enough
            digits = doc_id.lstrip("0") or "0"
            if digits in plain:
                found[plain[digits]].append(doc_id)
            size = len(digits) - 1
            may_be = {n_digits for n_digits, adjusted in lengths if adjusted - size in (0, 1)}
        else:
            may_be = {0, *(n_digits for n_digits, _ in lengths)}
        number = _number(doc_id) if may_be else None
        if number is None:
            continue
        for n_digits in may_be:
            if (same := found.get((_shortened(number, n_digits), n_digits))) is not None:
                same.append(doc_id)
    return {doc_id: found[key] for doc_id, key in keys.items()}


def keeps_zeros(ids: Iterable[str]) -> bool:
    """Return whether one of some ids is a number with a zero in front, which a spreadsheet would have taken away."""
    return any(re.fullmatch(r"0\d+", doc_id, re.ASCII) for doc_id in ids)


def is_shown_number(doc_id: str) -> bool:
    """Return whether an id is a number as a spreadsheet shows it, so that it may have been another id before."""
    return bool(re.fullmatch(r"(0|[1-9]\d*)([.,]\d*[1-9])?|\d([.,]\d+)?E\+\d\d+", doc_id, re.ASCII))


def _key(doc_id: str) -> _Key | None:
    """Return the number that an id is in a spreadsheet, and how many of its digits count."""
    match, number = _NUMBER.fullmatch(doc_id.strip()), _number(doc_id)
    if match is None or number is None:
        return None
    if match[3]:
        n_digits = len((match[1] + (match[2] or "")).lstrip("0"))
    else:
        n_digits = _MOST_DIGITS if len(match[1].lstrip("0")) > _MOST_DIGITS else 0
    return _shortened(number, n_digits), n_digits


def _number(doc_id: str) -> Decimal | None:
    match = _NUMBER.fullmatch(doc_id.strip())
    return Decimal(f"{match[1]}.{match[2] or 0}E{match[3] or 0}") if match else None


def _shortened(number: Decimal, n_digits: int) -> Decimal:
    """Return a number as a spreadsheet shows it; of a long one it drops digits, of 1E+05 it rounds."""
    if not n_digits:
        return number
    rounding = ROUND_DOWN if n_digits == _MOST_DIGITS else ROUND_HALF_UP
    return Context(prec=n_digits, rounding=rounding).plus(number)
