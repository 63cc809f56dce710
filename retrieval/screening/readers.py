"""Several readers: what their sessions say of the same records, compared.

A session shows only its own marks. Records are matched by the hashes of their texts, so that the sessions may be on two
corpora of the same texts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.exports.formats.csv_file import as_csv
from exemplar.retrieval.feedback import MARK_NAMES, Mark
from exemplar.retrieval.sessions.identity import present_marks
from exemplar.retrieval.sessions.marks import MarkedText, marked_texts
from exemplar.retrieval.sessions.session import Session

BLINDNESS = "This shows the marks of both readers and so ends their blindness: compare when both have finished."

_LONGEST_TITLE = 300  # characters
_SAID = ("mark", "reason", "note")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a session says of a text: its mark, who made it, and what was written about it.

    Attributes
    ----------
    text_hash, text
        Of the text that was marked; a text that no one keeps is None.
    mark
        None if the document has only a note or a reason.
    made, corpus_id
        When the mark was made and on which corpus, as ``Marks`` has them.
    """

    doc_id: str
    text_hash: str
    text: MarkedText | None
    mark: Mark | None
    reader: str = ""
    note: str = ""
    reason: str = ""
    made: str = ""
    corpus_id: str = ""

    @property
    def title(self) -> str:
        """The title, else the beginning of the text, in one line; empty if the text is not known."""
        if self.text is None:
            return ""
        line = " ".join((self.text.title or self.text.text)[: 4 * _LONGEST_TITLE].split())
        return line if len(line) <= _LONGEST_TITLE else f"{line[:_LONGEST_TITLE]} …"

    def to_json(self) -> dict[str, str]:
        """Return what a comparison shows, as JSON, without what is empty."""
        mark = MARK_NAMES[self.mark] if self.mark else ""
        shown = {"doc_id": self.doc_id, "mark": mark, "reader": self.reader, "note": self.note, "reason": self.reason}
        return {key: value for key, value in shown.items() if value}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a session says of its records.

    Attributes
    ----------
    title
        What the session is called.
    judgements
        By the hash of the text.
    unknown
        The marked documents that are left out, since no one knows on which text the mark was made.
    """

    title: str
    session: Session
    judgements: Mapping[str, Judgement]
    unknown: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The reader, if all marks are of one who gave a name; else the title of the session."""
        names = {each.reader for each in self.judgements.values() if each.mark}
        return names.pop() if len(names) == 1 and "" not in names else self.title


@dataclass(frozen=True, slots=True)
class Comparison:
    """The marks of two readings.

    Attributes
    ----------
    names
        What the readings are called.
    both
        The judgements of the records that both marked, in the order of the first reading.
    only_first, only_second
        Those of the records that one alone marked.
    unknown
        How many marks of each reading are left out; see ``Reading``.
    """

    names: tuple[str, str]
    both: tuple[tuple[Judgement, Judgement], ...]
    only_first: tuple[Judgement, ...]
    only_second: tuple[Judgement, ...]
    unknown: tuple[int, int] = (0, 0)

    @property
    def conflicts(self) -> tuple[tuple[Judgement, Judgement], ...]:
        """The records that the two marked in different ways."""
        return tuple(pair for pair in self.both if pair[0].mark != pair[1].mark)

    @property
    def table(self) -> dict[Mark, dict[Mark, int]]:
        """The number of records by the mark of the first reader, then by that of the second."""
        counts: dict[Mark, dict[Mark, int]] = {mark: dict.fromkeys(MARK_NAMES, 0) for mark in MARK_NAMES}
        for first, second in self.both:
            if first.mark and second.mark:
                counts[first.mark][second.mark] += 1
        return counts

    @property
    def agreement(self) -> float | None:
        """The share of the records marked by both that have the same mark; None if there is no such record."""
        return 1 - len(self.conflicts) / len(self.both) if self.both else None

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa over three classes: relevant, not relevant and unsure."""
        return cohen_kappa(self.table, tuple(MARK_NAMES))

    @property
    def kappa_of_two(self) -> float | None:
        """Cohen's kappa over two classes, of the records that neither reader is unsure about."""
        return cohen_kappa(self.table, ("positive", "negative"))

    def to_json(self) -> dict[str, Any]:
        """Return the figures, the conflicts and what one alone marked, as JSON."""
        table = {
            MARK_NAMES[mark]: {MARK_NAMES[other]: n for other, n in row.items()} for mark, row in self.table.items()
        }
        conflicts = [
            {"title": first.title, "first": first.to_json(), "second": second.to_json()}
            for first, second in self.conflicts
        ]
        return {
            "readers": list(self.names),
            "marked_by_both": len(self.both),
            "agreement": self.agreement,
            "kappa_of_three_classes": self.kappa,
            "kappa_without_unsure": self.kappa_of_two,
            "table": table,
            "conflicts": conflicts,
            "only_first": [{"title": each.title, **each.to_json()} for each in self.only_first],
            "only_second": [{"title": each.title, **each.to_json()} for each in self.only_second],
            "text_unknown": list(self.unknown),
        }


def conflicts_csv(comparison: Comparison) -> bytes:
    """Return the conflicts as CSV, a row each, with what both said."""
    names = ("doc_id", "title", *(f"{who}_{what}" for who in ("first", "second") for what in ("reader", *_SAID)))
    rows = [
        (one.doc_id, one.title, *_said(one, comparison.names[0]), *_said(other, comparison.names[1]))
        for one, other in comparison.conflicts
    ]
    return as_csv(names, rows)


def cohen_kappa(table: Mapping[Mark, Mapping[Mark, int]], classes: Sequence[Mark]) -> float | None:
    """Return (p_o - p_e) / (1 - p_e) over some classes of a table (Cohen 1960, Educ. Psychol. Meas. 20).

    None where it is not defined: the table has no record of these classes, or both readers use the same single class,
    so that they agree by chance for certain.
    """
    n = sum(table[first][second] for first in classes for second in classes)
    observed = n * sum(table[mark][mark] for mark in classes)
    by_chance = sum(sum(table[mark][b] for b in classes) * sum(table[a][mark] for a in classes) for mark in classes)
    return (observed - by_chance) / (n * n - by_chance) if n * n > by_chance else None


def reading_of(
    title: str, session: Session, corpus: DocumentStore, texts: Callable[[], Mapping[str, MarkedText]]
) -> Reading:
    """Return what a session says of the records of its corpus as it is now; see ``present_marks`` for ``texts``.

    Copies of a text are one record; if they have different marks, the record is unsure.
    """
    present = present_marks(session.marks, corpus, texts)
    session = session.after(*present.events)
    marks, of = session.marks, {doc_id: mark for mark, ids in session.feedback.by_mark() for doc_id in ids}
    doc_ids = list(dict.fromkeys([*marks.order, *session.notes, *session.reasons]))
    rows = corpus.rows_of(doc_id for doc_id in doc_ids if doc_id not in present.states)
    known = {**present.texts, **dict(zip(rows, marked_texts(corpus, list(rows.values())), strict=True))}
    hashes = {doc_id: text.text_hash for doc_id, text in known.items()} | marks.texts
    about = (marks.readers, session.notes, session.reasons, marks.made, marks.corpus_ids)
    judgements: dict[str, Judgement] = {}
    for doc_id in (each for each in doc_ids if each in hashes):
        said = (texts_by_id.get(doc_id, "") for texts_by_id in about)
        judgement = Judgement(doc_id, hashes[doc_id], known.get(doc_id), of.get(doc_id), *said)
        copy = judgements.get(judgement.text_hash)
        judgements[judgement.text_hash] = _with_copy(copy, judgement) if copy else judgement
    return Reading(title, session, judgements, tuple(doc_id for doc_id in of if doc_id not in hashes))


def compare(first: Reading, second: Reading) -> Comparison:
    """Return the marks of two readings, beside each other where both marked a record."""
    here, there = ({key: each for key, each in reading.judgements.items() if each.mark} for reading in (first, second))
    return Comparison(
        names_of(first, second),
        tuple((each, there[key]) for key, each in here.items() if key in there),
        tuple(each for key, each in here.items() if key not in there),
        tuple(each for key, each in there.items() if key not in here),
        (len(first.unknown), len(second.unknown)),
    )


def names_of(first: Reading, second: Reading) -> tuple[str, str]:
    """Return what two readings are called: their readers, else the titles of the sessions, numbered if they are one."""
    names = (first.name, second.name) if first.name != second.name else (first.title, second.title)
    return names if names[0] != names[1] else (f"{names[0]} (1)", f"{names[1]} (2)")


def _with_copy(judgement: Judgement, copy: Judgement) -> Judgement:
    """Return what is said of a text by what is said of two documents that have it."""
    mark = judgement.mark or copy.mark
    return replace(
        judgement,
        mark="unsure" if is_conflict(judgement, copy) else mark,
        reader=once(", ", judgement.reader, copy.reader),
        note=once("\n", judgement.note, copy.note),
        reason=judgement.reason or copy.reason,
    )


def _said(judgement: Judgement, name: str) -> tuple[str, str, str, str]:
    return name, MARK_NAMES[judgement.mark] if judgement.mark else "", judgement.reason, judgement.note


def is_conflict(one: Judgement | None, other: Judgement | None) -> bool:
    """Return whether two judgements of a record have different marks."""
    return bool(one and other and one.mark and other.mark and one.mark != other.mark)


def once(between: str, *texts: str) -> str:
    """Return texts with something between them, each once, without empty ones."""
    return between.join(dict.fromkeys(filter(None, texts)))
