"""Write what a person did in the lists to the log: in order, and each act once, however often the browser sends it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.errors import CorpusNotFound
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.rankers import Ranker
from exemplar.retrieval.sessions.events import (
    DocumentQueried,
    Event,
    Marked,
    MarksAdded,
    Noted,
    Redone,
    SettingsSet,
    Undone,
)
from exemplar.retrieval.sessions.marks import MarkedText, marked_texts
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import FAILURES
from exemplar.ui import resources, state
from exemplar.ui.search.lists.messages import Act, ShownRow, number_of_check

_GONE = "Some of what you did belongs to a session or a corpus that was removed meanwhile; it was not saved."
_CHANGED = "The text of a row has changed meanwhile, so that its mark or note was not saved."


@dataclass(slots=True)
class Outcome:
    """What became of the acts of a message.

    Attributes
    ----------
    confirmed
        The keys of those that are on the disk, or that can't be saved any more.
    failed
        For the keys of the others, a sentence that says why.
    redraws
        Whether the whole page has to be drawn anew, not only the lists.
    """

    confirmed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    redraws: bool = False


def save_acts(acts: Sequence[Act]) -> Outcome:
    """Save acts in order; after one that can't be saved now, those behind it wait."""
    outcome = Outcome()
    for act in acts:
        if outcome.failed:
            outcome.failed[act.key] = next(iter(outcome.failed.values()))
            continue
        try:
            _save(act, outcome)
        except FAILURES as error:
            outcome.failed[act.key] = str(error)
        else:
            outcome.confirmed.append(act.key)
    return outcome


def _save(act: Act, outcome: Outcome) -> None:
    state.catch_up()
    session, session_id = state.current(), state.goes_on_as(act.session_id)
    here = session is not None and (session_id, act.corpus) == (session.session_id, session.corpus)
    if not here:
        session = state.store().load(session_id, act.corpus)
    try:
        event = None if session is None else _event(act, session)
    except (CorpusNotFound, LookupError):
        event = None
    if session is None or event is None:
        state.notify(_GONE)
        outcome.redraws = True
    elif here:
        state.save(event, act.key)
        if act.kind == "like":
            outcome.redraws = True
            state.take_best_vectors()
            state.show_query()
    else:
        state.save_elsewhere(session, event, act.key, act.corpus_id)


def _event(act: Act, session: Session) -> Event | None:
    """Return the event of an act; None if its document is gone."""
    match act.kind:
        case "undo":
            return Undone()
        case "redo":
            return Redone()
        case "fold":
            return SettingsSet(replace(session.settings, hide_marked=act.on))
        case "ranker":
            return SettingsSet(with_ranker(session.settings, act.side, act.ranker))
    corpus = resources.engine(act.corpus).corpus
    rows = _present(act.rows, corpus)
    if not rows:
        return None
    if len(rows) < len(act.rows):
        state.notify(_CHANGED)
    (first, at), *more = rows
    if act.kind == "note":
        return Noted(first.doc_id, act.note, first.text_hash, act.reason)
    if act.kind == "like":
        return DocumentQueried(first.doc_id, first.text_hash)
    texts = marked_texts(corpus, [at, *(row for _, row in more)])
    if not more:
        return Marked(first.doc_id, act.verdict, first.text_hash, texts[0], found=_found(first))
    return _range(act, [row for row, _ in rows], texts)


def _range(act: Act, rows: Sequence[ShownRow], texts: Sequence[MarkedText]) -> MarksAdded:
    doc_ids = tuple(dict.fromkeys(row.doc_id for row in rows))
    if act.verdict is None:
        return MarksAdded(Feedback(), taken_back=doc_ids)
    hashes, found = {row.doc_id: row.text_hash for row in rows}, {row.doc_id: _found(row) for row in rows}
    return MarksAdded(Feedback.of(act.verdict, doc_ids), hashes, tuple(texts), found=found)


def _found(row: ShownRow) -> dict[str, str | int]:
    """Return how a row was found: by a random check, or in a list."""
    if number := number_of_check(row.list):
        return {"random": number}
    return {"list": row.list, "rank": row.rank} if row.rank else {"list": row.list}


def _present(rows: Sequence[ShownRow], corpus: DocumentStore) -> list[tuple[ShownRow, int]]:
    """Return the rows whose texts the corpus has, with their rows there: a mark belongs to a text, not to an id."""
    known = corpus.rows_of(row.doc_id for row in rows)
    hashes = dict(zip(known, corpus.text_hashes(list(known.values())), strict=True))
    present = []
    for row in rows:
        if hashes.get(row.doc_id) == row.text_hash:
            present.append((row, known[row.doc_id]))
        elif len(same := corpus.rows_with_hashes([row.text_hash])):
            [doc_id] = corpus.doc_ids(same[:1])
            present.append((replace(row, doc_id=doc_id), int(same[0])))
    return present


def with_ranker(settings: Settings, side: int, ranker: Ranker) -> Settings:
    """Return settings with another ranker of a list; if it is the other list's, the two exchange theirs."""
    rankers = list(settings.rankers)
    side = min(side, len(rankers) - 1)
    if ranker in rankers:
        rankers[rankers.index(ranker)] = rankers[side]
    rankers[side] = ranker
    return replace(settings, rankers=tuple(rankers))
