"""What the lists draw: ranks, scores and marks every time, a row's texts once."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.documents import Document, full_text
from exemplar.retrieval.copies.exact import copies_of
from exemplar.retrieval.copies.near import near_copies
from exemplar.retrieval.feedback import MARK_NAMES, Feedback
from exemplar.retrieval.ranking import DocumentQuery, Ranking
from exemplar.retrieval.sessions.identity import PresentMarks
from exemplar.retrieval.sessions.session import Session, new_id
from exemplar.ui import html
from exemplar.ui.search.lists.messages import Act, Message
from exemplar.ui.search.lists.news import News
from exemplar.ui.search.lists.progress import Progress

DEPTH = 100  # ranks of the other list that a row can name
BATCH = 25  # rows that a list begins with, and that scrolling adds
_EXCERPT = 270  # characters; three lines of a comfortable row
_LONGEST_TITLE = 1_000  # characters; the open row shows it whole
_LONGEST_LABEL = 80
_MOST_LABELS = 20
_MOST_COMPARED = 200  # texts among which near copies are looked for
_MOST_LEFT = 25  # newest marks that are sent although their rows left: a list that is held back still shows them
_MOST_RETURNED = 10  # steps that can be taken back, whose documents are named
_TOP = 10  # rows of each list that are compared with the other's


@dataclass(slots=True)
class Memory:
    """What a tab has been sent, and what it said last.

    Attributes
    ----------
    started
        Names this memory; a drawing of another one is newer, whatever its number.
    sent
        The rows whose texts the browser has.
    texts
        Those texts as far as near copies are looked for among them, in the order of sending.
    """

    started: str = field(default_factory=new_id)
    drawing: int = 0
    corpus: str = ""
    place: str = ""
    shown: int = BATCH
    sent: set[int] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    message: Message = field(default_factory=Message)
    confirmed: Sequence[str] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    news: News = field(default_factory=News)


@dataclass(frozen=True, slots=True)
class List:
    """One list.

    Attributes
    ----------
    ranker
        What its marks name as the place where they were found.
    small, help
        Figures of the ranking, and a sentence on it.
    choices
        The rankers to choose from, with their names.
    doc_ids, rows, shares
        The documents from the first on, their rows in the corpus, and their scores from 0 to 100.
    there
        Their ranks in the other list; 0 if it does not have them among its first ones.
    total
        The length of the whole list.
    empty
        A sentence for a list without rows.
    side
        The place of its ranker in the settings.
    """

    ranker: str
    title: str
    small: str
    help: str
    doc_ids: Sequence[str]
    rows: Sequence[int]
    total: int
    choices: Sequence[tuple[str, str]] = ()
    shares: Sequence[int] = ()
    there: Sequence[int] = ()
    empty: str = ""
    side: int = 0


def begin(memory: Memory, session: Session, corpus: DocumentStore, view: str) -> None:
    """Make a memory ready for the next drawing: another place begins at the top, another corpus with no text sent."""
    manifest = corpus.manifest
    documents = f"{manifest.corpus_id} {manifest.documents_sha256}"
    if documents != memory.corpus:
        memory.corpus, memory.sent, memory.texts = documents, set(), []
    place = _place(session, documents, view)
    if place != memory.place:
        memory.place, memory.shown, memory.texts = place, BATCH, []
        memory.news.forget_lists()
    if memory.message.place == place:
        memory.shown = max(memory.shown, min(memory.message.shown, memory.shown + 10 * BATCH))
    memory.sent -= memory.message.needed


def lists_data(
    memory: Memory,
    session: Session,
    marks: PresentMarks,
    corpus: DocumentStore,
    lists: Sequence[List],
    *,
    view: str,
    folded: int,
    status: str,
    opened: Mapping[str, Any] | None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return the data of a drawing.

    Parameters
    ----------
    folded
        How many marked documents the lists leave out.
    status
        A line on what is ranked.
    opened
        The text of the open row, if the browser asks for it.
    progress
        Of a screening.
    """
    memory.drawing += 1
    rows = {row: doc_id for each in lists for row, doc_id in zip(each.rows, each.doc_ids, strict=True)}
    returns = [change[0][0] for change in session.marks.past][-_MOST_RETURNED:] if progress else []
    rows |= _rows_besides(rows, memory, returns[-1:], corpus) if progress else {}
    by_document, opposed = marks.by_document(), marks.opposed_documents()
    orders = {(each.ranker, each.title): each.doc_ids for each in lists}
    memory.news.take(memory.message.acts, memory.confirmed, orders, corpus)
    counts = _counts(session, marks.feedback)
    n_marked = folded or sum(counts[mark] or 0 for mark in MARK_NAMES)
    return {
        "started": memory.started,
        "drawing": memory.drawing,
        "corpus": memory.corpus,
        "place": memory.place,
        "session": session.session_id,
        "corpus_name": session.corpus,
        "corpus_id": corpus.manifest.corpus_id,
        "view": view,
        "filtered": bool(session.filters),
        "height": "comfortable" if session.settings.comfortable else "dense",
        "lists": [_list_json(each, memory.news) for each in lists],
        "rows": _new_rows(memory, rows, corpus),
        "marks": {row: by_document[doc_id] for row, doc_id in rows.items() if doc_id in by_document},
        "left": {
            row: by_document[doc_id]
            for doc_id, row in corpus.rows_of(session.marks.order[-_MOST_LEFT:]).items()
            if row not in rows and doc_id in by_document
        },
        "opposed": [row for row, doc_id in rows.items() if doc_id in opposed],
        "notes": {row: session.notes[doc_id] for row, doc_id in rows.items() if doc_id in session.notes},
        "reasons": {row: session.reasons[doc_id] for row, doc_id in rows.items() if doc_id in session.reasons},
        "reason_choices": list(session.settings.reasons),
        "counts": counts,
        "counted": progress.counted if progress else counted(counts),
        "claim": {"sentence": progress.sentence, "needs": progress.needs, "told": progress.told} if progress else None,
        "agreement": agreement(lists),
        "news": memory.news.sentence,
        "fold": session.settings.hide_marked,
        "folded": folded,
        "n_marked": f"{n_marked:,} marked" if n_marked else "",
        "returns": returns,
        "undo": bool(session.marks.past),
        "redo": bool(session.marks.future),
        "status": status,
        "answered": memory.message.number,
        "tab": memory.message.tab,
        "confirmed": list(memory.confirmed),
        "failed": dict(memory.failed),
        "alert": alert(memory.message.acts, memory.failed),
        "opened": opened,
    }


def ranks_there(ranking: Ranking, other: Ranking | None, n: int, depth: int) -> list[int]:
    """Return the ranks that the first n documents of a ranking have among the first ``depth`` of another, else 0."""
    if other is None:
        return []
    ranks = {text: rank for rank, text in enumerate(other.texts[:depth], start=1)}
    return [ranks.get(text, 0) for text in ranking.texts[:n]]


def compared(here: int, there: int) -> str:
    """Return where a document is in both lists; 0 if the other one does not have it among its first ones."""
    return f"here {_ordinal(here)}, there {_ordinal(there) if there else f'after {_ordinal(DEPTH)}'}"


def share(score: float, ranking: Ranking) -> int:
    """Return a score from 0 to 100: of a cosine from 0 to 1, of a margin from -1 to 1, else of the best score."""
    part = score if ranking.scorer.svm is None else (score + 1) / 2
    if ranking.ranker in ("words", "hybrid"):
        best = max(ranking.scores, default=0.0)
        part = score / best if best > 0 else 0.0
    return round(100 * min(1.0, max(0.0, part)))


def counted(counts: Mapping[str, int | None]) -> str:
    """Return a sentence on how many texts are marked."""
    ago = counts["ago"]
    last = {None: "", 0: " · the last mark was relevant"}.get(ago, f" · last relevant {ago} ago")
    return (
        f"+{counts['positive']:,} relevant  \N{MINUS SIGN}{counts['negative']:,} not relevant  "
        f"?{counts['unsure']:,} unsure{last}"
    )


def agreement(lists: Sequence[List]) -> tuple[str, str]:
    """Return how many of the first rows of two lists are the same, in short and as a sentence."""
    if len(lists) != 2:
        return "", ""
    first, second = (each.rows[:_TOP] for each in lists)
    n, most = len(set(first) & set(second)), max(len(first), len(second))
    return (f"{n}/{most}", f"{n} of the first {most} are the same") if most else ("", "")


def alert(acts: Sequence[Act], failed: Mapping[str, str]) -> str:
    """Return a sentence on the acts that could not be saved."""
    unsaved = [act for act in acts if act.key in failed]
    if not unsaved:
        return ""
    n = sum(len(act.rows) if act.kind == "mark" else 1 for act in unsaved)
    noun = "mark" if all(act.kind == "mark" for act in unsaved) else "change"
    why = failed[unsaved[0].key].removesuffix(".")
    if n == 1:
        return f"1 {noun} is not saved: {why}. It is sent again."
    return f"{n:,} {noun}s are not saved: {why}. They are sent again."


def _list_json(each: List, news: News) -> dict[str, Any]:
    fresh = news.fresh(each.ranker, each.title)
    return {
        "ranker": each.ranker,
        "side": each.side,
        "title": each.title,
        "small": each.small,
        "help": each.help,
        "choices": [list(choice) for choice in each.choices],
        "rows": list(each.rows),
        "shares": list(each.shares),
        "there": list(each.there),
        "compared": [compared(here, there) for here, there in enumerate(each.there, start=1)],
        "fresh": [row for row, doc_id in zip(each.rows, each.doc_ids, strict=True) if doc_id in fresh],
        "total": each.total,
        "empty": each.empty,
    }


def _ordinal(n: int) -> str:
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{ending}"


def _rows_besides(
    listed: Mapping[int, str], memory: Memory, doc_ids: Sequence[str], corpus: DocumentStore
) -> dict[int, str]:
    """Return what Screen shows besides its list, by row: what is read, what a step back returns, what the tab lacks.

    The row that is read stays in its place though it has left the first rows of the ranking.
    """
    message = memory.message
    said = {message.opened, *message.needed} if message.place == memory.place else set()
    rows = {row for row in said if row is not None and row < corpus.n_documents}.difference(listed)
    besides = [*sorted(rows), *corpus.rows_of(doc_ids).values()]
    return dict(zip(besides, corpus.doc_ids(besides), strict=True)) if besides else {}


def _new_rows(memory: Memory, rows: Mapping[int, str], corpus: DocumentStore) -> dict[int, dict[str, Any]]:
    """Return the texts of the rows that the browser lacks, and remember that it has them."""
    new = [row for row in rows if row not in memory.sent]
    if not new:
        return {}
    documents, hashes = corpus.documents_at(new), corpus.text_hashes(new)
    copies = copies_of([document.doc_id for document in documents], corpus)
    near = _near(memory, [full_text(document.title, document.text) for document in documents])
    memory.sent.update(new)
    return {
        row: _row_json(document, text_hash, len(copies.get(document.doc_id, ())), is_near)
        for row, document, text_hash, is_near in zip(new, documents, hashes, near, strict=True)
    }


def _row_json(document: Document, text_hash: str, n_copies: int, is_near: bool) -> dict[str, Any]:
    """Return what a row shows of its document, without what would be empty."""
    name = html.name(document.doc_id)
    shown = {
        "id": document.doc_id,
        "name": "" if name == document.doc_id else name,
        "hash": text_hash,
        "title": html.shortened(document.title or "", _LONGEST_TITLE),
        "text": html.excerpt(document.text, _EXCERPT),
        "labels": [html.shortened(label, _LONGEST_LABEL) for label in document.labels[:_MOST_LABELS]],
        "copies": n_copies,
        "near": is_near,
    }
    return {key: value for key, value in shown.items() if value}


def _near(memory: Memory, texts: Sequence[str]) -> list[bool]:
    """Return whether each of some texts is nearly the same as one that was sent before it.

    What a mark brings is not compared, lest the mark wait: that takes longer than the ranking of some thousand texts.
    """
    known = len(memory.texts)
    if known >= _MOST_COMPARED or memory.message.acts:
        return [False] * len(texts)
    memory.texts += texts
    return [original is not None for original in near_copies(memory.texts)[known:]]


def _counts(session: Session, feedback: Feedback) -> dict[str, int | None]:
    """Return how many texts are marked, and how many marks ago the last relevant one was made."""
    positives = set(session.feedback.positives)
    newest_first = reversed(session.marks.order)
    ago = next((n for n, doc_id in enumerate(newest_first) if doc_id in positives), None)
    return {
        "positive": len(feedback.positives) + len(feedback.positive_texts),
        "negative": len(feedback.negatives) + len(feedback.negative_texts),
        "unsure": len(feedback.unsure),
        "ago": ago,
    }


def _place(session: Session, documents: str, view: str) -> str:
    queries = [
        ["like", query.doc_id] if isinstance(query, DocumentQuery) else query
        for query in (*session.earlier, session.query)
    ]
    said = json.dumps([session.session_id, documents, queries, session.filters.to_json(), view])
    return hashlib.sha256(said.encode()).hexdigest()[:16]
