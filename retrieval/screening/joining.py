"""Two sessions joined into a new one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.feedback import MARK_NAMES
from exemplar.retrieval.importing.added_marks import added_marks
from exemplar.retrieval.importing.mark_rows import MarkRow
from exemplar.retrieval.importing.marks_file import MarkFile
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.screening.readers import Judgement, Reading, is_conflict, names_of, once
from exemplar.retrieval.sessions.events import (
    DocumentQueried,
    Event,
    FiltersSet,
    Joined,
    Named,
    Queried,
    SettingsSet,
)
from exemplar.retrieval.sessions.marks import Marks
from exemplar.retrieval.sessions.session import Session


@dataclass(frozen=True, slots=True)
class Join:
    """A new session that joins two.

    Attributes
    ----------
    events
        Those of the session, from its beginning.
    n_conflicts
        How many records wait for a person to settle them.
    left_out
        A sentence for each mark or note that it can't take over.
    """

    events: tuple[Event, ...]
    n_conflicts: int
    left_out: tuple[str, ...] = ()


def joined(first: Reading, second: Reading, corpus: DocumentStore, name: str = "", reader: str = "") -> Join:
    """Return a new session, on the corpus of the first reading, that joins two; these stay as they are.

    It takes over the marks that both agree on, and those of records that one alone marked. What they marked in
    different ways is unsure, with a note that says who said what, until a person settles it by a mark. Notes are put
    together, and a record keeps the names of its readers. Query, filters and settings are those of the first.

    Parameters
    ----------
    corpus
        That of the first reading, as it is now.
    name
        Of the new session; by default made of the names of the two.
    reader
        Who settles the conflicts.

    Raises
    ------
    ExemplarError
        Neither of the two has a mark.
    """
    names, here, there = names_of(first, second), first.judgements, second.judgements
    pairs = {key: (here.get(key), there.get(key)) for key in dict.fromkeys([*here, *there])}
    if not any(each.mark for each in (*here.values(), *there.values())):
        raise ExemplarError(f"the sessions '{first.title}' and '{second.title}' have no mark to join")
    found = added_marks(MarkFile(tuple(_joined_row(*pair, names) for pair in pairs.values())), corpus, Marks())
    origins = {doc_id: _last_made(*pairs[text_hash]) for doc_id, text_hash in found.event.text_hashes.items()}
    marks = replace(
        found.event,
        made={doc_id: each.made for doc_id, each in origins.items()},
        corpus_ids={doc_id: each.corpus_id for doc_id, each in origins.items()},
        readers=dict.fromkeys(origins, "") | dict(found.event.readers),
    )
    conflicts = tuple(doc_id for doc_id, key in marks.text_hashes.items() if is_conflict(*pairs[key]))
    events = (
        *_queries(first.session),
        FiltersSet(first.session.filters),
        SettingsSet(replace(first.session.settings, reader=reader)),
        Joined((first.title, second.title), conflicts),
        marks,
        *([found.notes] if found.notes else []),
        Named(name or f"{names[0]} and {names[1]}, joined"),
    )
    unknown = [f"{doc_id}: no one knows on which text it was marked" for doc_id in (*first.unknown, *second.unknown)]
    return Join(events, len(conflicts), (*unknown, *found.left_out))


def _last_made(*judgements: Judgement | None) -> Judgement:
    return max((each for each in judgements if each and each.mark), key=lambda each: each.made)


def _joined_row(one: Judgement | None, other: Judgement | None, names: tuple[str, str]) -> MarkRow:
    """Return what two readings say of a record, of which one may have nothing, as a row to take in."""
    said = [(each, name) for each, name in zip((one, other), names, strict=True) if each]
    first, last = said[0][0], said[-1][0]
    mark = "unsure" if is_conflict(one, other) else first.mark or last.mark
    return MarkRow(
        f"of {' and '.join(name for _, name in said)}",
        first.doc_id,
        mark,
        first.text_hash,
        first.text or last.text,
        note="\n".join(_note_lines(said)),
        reason=first.reason or last.reason,
        reader=once(", ", *(each.reader for each, _ in said if each.mark)),
    )


def _note_lines(said: Sequence[tuple[Judgement, str]]) -> Iterable[str]:
    """Yield the lines of a joined note: a conflict, reasons that differ, and the notes."""
    first, last = said[0][0], said[-1][0]
    if is_conflict(first, last):
        yield "Conflict: " + "; ".join(_mark_in_words(each, name) for each, name in said)
    elif first.reason and last.reason and first.reason != last.reason:
        yield "Reasons: " + "; ".join(f"{name}: {each.reason}" for each, name in said)
    notes = [(name, each.note) for each, name in said if each.note]
    if len(said) == 1 or (first.note == last.note and first.note):
        yield from [first.note] if first.note else []
    else:
        yield from (f"{name}: {note}" for name, note in notes)


def _mark_in_words(judgement: Judgement, name: str) -> str:
    mark = MARK_NAMES[judgement.mark] if judgement.mark else ""
    return f"{name}: {mark} ({judgement.reason})" if judgement.reason else f"{name}: {mark}"


def _queries(session: Session) -> Iterable[Event]:
    for query in (*session.earlier, session.query):
        if isinstance(query, DocumentQuery):
            yield DocumentQueried(query.doc_id, query.text_hash, added=True)
        elif query is not None:
            yield Queried(query, added=True)
