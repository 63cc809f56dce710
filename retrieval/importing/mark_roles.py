"""The roles of the columns in a file of marks: marks, ids, texts, notes, readers and identifiers."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from exemplar.data.errors import ExemplarError
from exemplar.data.files.usual_names import ID_COLUMNS, plain_name
from exemplar.data.sources.columns import Columns, guess_columns, is_known_export, listed
from exemplar.data.tabular.own_columns import own_column
from exemplar.retrieval.importing.identifiers import KINDS, NAMES, identifier_column
from exemplar.retrieval.importing.mark_words import MARK_COLUMNS

# Usual names of columns, the most telling first.
_ID_COLUMNS = ("doc_id", *ID_COLUMNS, "document id", "docid", "record id", "paper id", "corpus id", *NAMES["doi"][:1])
_TEXT_COLUMNS = ("text", "abstract", "abstract text", "abstract note")
_TITLE_COLUMNS = ("title", "article title", "document title", "primary title")
_NOTE_COLUMNS = ("note", "asreview note", "exported notes", "exported notes 1")
_REASON_COLUMNS = ("reason", "exclusion reason", "reason for exclusion")
_READER_COLUMNS = ("reader", "reviewer", "screener", "asreview user name")
_WRITTEN_COLUMNS = ("notes", "n1", "note", "%z")  # in which programs for screening write all that they know
_DECISION = "decision"  # the name of the column that the readers add by such notes

_PRODIGY = frozenset({"_input_hash", "_task_hash"})
_PAIRS = ("column 1", "column 2")  # of a list of [text, label]
_ENDS_IN_ID = re.compile(r"([\s_-]id|Id|ID)\s*$")


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns of a file in their roles; None for one that it lacks.

    Attributes
    ----------
    mark
        The column whose words are marks; None if only notes of programs say them.
    is_label
        Whether it is a column of labels, whose words need not be marks.
    task
        What Prodigy asked: its answer is about this label.
    written
        The column of notes in which Rayyan, ASReview or an export of references say the mark and more.
    """

    mark: str | None
    doc_id: str | None = None
    title: str | None = None
    text: str | None = None
    text_hash: str | None = None
    state: str | None = None
    note: str | None = None
    reason: str | None = None
    reader: str | None = None
    doi: str | None = None
    pmid: str | None = None
    task: str | None = None
    written: str | None = None
    is_label: bool = False

    def columns(self) -> list[str]:
        """Return the names of all columns that are read."""
        names = (getattr(self, field.name) for field in fields(self) if field.name != "is_label")
        return list(dict.fromkeys(name for name in names if name is not None))


def roles_of(columns: Sequence[str], corpus: Columns, mark: str | None = None) -> Roles:
    """Return the roles of a file's columns by their names.

    Parameters
    ----------
    corpus
        The columns of the source from which the corpus was built.
    mark
        The column with the marks, or with labels that can become marks; by default the one with a usual name.

    Raises
    ------
    ExemplarError
        The file has no column with marks, or none that says which document a row means; or two have one name.
    """
    if tuple(columns) == _PAIRS:
        return Roles(_PAIRS[1], text=_PAIRS[0], is_label=True)
    written = _column(columns, _WRITTEN_COLUMNS)
    mark, is_label = _mark_column(columns, mark, written)
    if mark is not None and (mark != _DECISION or own_column("mark", columns)):
        written = None
    others = [name for name in columns if name != mark]
    chosen, guessed = corpus.chosen(), guess_columns(others)
    text_hash = _column(others, (own_column("text_hash", others) or "text_hash",))
    doi, pmid = (identifier_column(kind, others) for kind in KINDS)
    text = _column(others, (chosen.text or "text", *_TEXT_COLUMNS))
    doc_id = _column(others, (own_column("doc_id", others) or "doc_id", chosen.id or "doc_id", *_ID_COLUMNS))
    is_annotated = is_label and (guessed.text == "data" or "." in (guessed.text or ""))  # by doccano or Label Studio
    if text is None and (is_annotated or not (text_hash or doc_id or doi or pmid)):
        text = guessed.text
    if is_known_export(columns):
        text, doc_id = text or guessed.text, doc_id or guessed.id
    title = _column(others, (chosen.title or "title", *_TITLE_COLUMNS)) or (guessed.title if text else None)
    if title == text:
        title = None
    rest = [name for name in others if name not in (text, text_hash, doc_id, title)]
    note, reason, reader = (
        _column(rest, (own_column(usual[0], rest) or usual[0], *usual))
        for usual in (_NOTE_COLUMNS, _REASON_COLUMNS, _READER_COLUMNS)
    )
    ids = [name for name in others if name not in (note, reason, reader)]
    if doc_id is None:
        doc_id = _only([name for name in ids if _ENDS_IN_ID.search(name)])
    if doc_id is None and text is None and text_hash is None:
        doc_id = doi or pmid or _only(ids)
    if doc_id is None and text is None and text_hash is None:
        raise ExemplarError(f"it has no column 'doc_id'; its columns are: {listed(columns)}")
    task = _column(rest, ("label",)) if mark == "answer" and _PRODIGY.intersection(columns) else None
    state = _column(others, (own_column("mark_state", others) or "mark_state",))
    return Roles(
        mark, doc_id, title, text, text_hash, state, None if note == written else note, reason, reader, doi, pmid, task,
        written, is_label,
    )  # fmt: skip


def _mark_column(columns: Sequence[str], mark: str | None, written: str | None) -> tuple[str | None, bool]:
    """Return the column with marks, and whether it is one of labels."""
    if mark is not None:
        found = mark if mark in columns else _column(columns, (mark,))
        if found is None:
            raise ExemplarError(f"it has no column '{mark}'; its columns are: {listed(columns)}")
        return found, plain_name(found) not in map(plain_name, MARK_COLUMNS[:-1])
    if {"accept", "options"} <= {*columns} and _PRODIGY.intersection(columns):
        return "accept", True
    found = _column(columns, (own_column("mark", columns) or "mark", *MARK_COLUMNS))
    if found is not None:
        return found, plain_name(found) == "label"
    if written is not None:
        return None, False
    label = guess_columns(columns).label
    if label is None:
        raise ExemplarError(f"it has no column 'mark'; its columns are: {listed(columns)}")
    return label, True


def _column(names: Sequence[str], usual: Iterable[str]) -> str | None:
    """Return the column with the first of some usual names, None without one."""
    for one in map(plain_name, usual):
        matching = [name for name in names if plain_name(name) == one]
        if len(matching) > 1:
            raise ExemplarError(f"it has two columns named '{matching[0].strip()}'; its columns are: {listed(names)}")
        if matching:
            return matching[0]
    return None


def _only(names: Sequence[str]) -> str | None:
    return names[0] if len(names) == 1 else None
