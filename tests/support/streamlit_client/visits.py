"""What the visitors of the load benchmark do: each has a session of its own, searches, marks, thinks, and changes mind.

A visitor types a query, and another after some marks, or asks for more like a row. Between, it marks rows of either
list, two of three as relevant, and now and then takes a mark back or undoes. It thinks from the moment when the new
ranking stands: a quarter of a second at least, and longer as chance has it. One mark of ten is hasty: the next click
follows a quarter of a second after it, whatever the page shows by then.
"""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.feedback import Feedback, Mark
from exemplar.retrieval.rankers import Ranker
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.sessions.events import DocumentQueried, Event, Marked, Queried, Undone
from exemplar.retrieval.sessions.session import Session
from tests.support.streamlit_client.visitor import NotShown, Visitor, address

COLUMNS: tuple[Ranker, ...] = ("knn", "anchored")  # the rankers, as a new session has them
_LEAST_THOUGHT = 0.25  # seconds
_LONGEST = 180.0  # seconds that a page may take
_HASTY, _SEARCH, _MORE, _BACK, _UNDO = 0.1, 0.08, 0.04, 0.08, 0.06  # of all clicks
_RELEVANT = 2 / 3  # of all marks


@dataclass(frozen=True, slots=True)
class Plan:
    """How many visitors come, and what for.

    Attributes
    ----------
    queries
        Of each session, to type in turn; where they are at an end, documents are its queries.
    seconds, least_clicks
        How long a visitor stays at least, and how often it clicks.
    first_documents
        Of each session, the query that its address has; empty where it begins with a typed one.
    think
        Seconds of thought on the average.
    """

    corpus: str
    queries: tuple[tuple[str, ...], ...]
    seconds: float
    least_clicks: int = 0
    first_documents: tuple[str, ...] = ()
    think: float = 2
    seed: int = 7
    url: str = ""


@dataclass(slots=True)
class Visit:
    """What came of a visit: all that was clicked, how long it took, and what the page shows at its end.

    Attributes
    ----------
    clicked
        As events of the session, in order.
    took
        Of each click what it was, and the milliseconds until the new ranking stood.
    marks, rows
        As the page shows them at the end, the rows by ranker.
    """

    session_id: str = ""
    clicked: list[Event] = field(default_factory=list)
    took: list[tuple[str, float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    marks: Feedback = field(default_factory=Feedback)
    rows: dict[str, list[str]] = field(default_factory=dict)

    def session(self, corpus: str) -> Session:
        """Return the session that the clicks should have led to, without the texts of its marks."""
        return Session(self.session_id, corpus).after(*self.clicked)

    def events(self, corpus: DocumentStore) -> list[Event]:
        """Return the events that the clicks should have led to, without the places where rows were found."""
        return [_with_text(event, corpus) for event in self.clicked]


def as_clicked(event: Event) -> Event:
    """Return an event without the place where its row was found, and a query without the hash of its text."""
    if isinstance(event, DocumentQueried):
        return replace(event, text_hash=None)
    return replace(event, found={}) if isinstance(event, Marked) else event


def _with_text(event: Event, corpus: DocumentStore) -> Event:
    if not isinstance(event, Marked):
        return event
    [text_hash] = corpus.text_hashes([corpus.row(event.doc_id)])
    return replace(event, text_hash=text_hash)


def visits(plan: Plan) -> list[Visit]:
    """Let all visitors come at once, each in a thread; return what came of each."""
    with ThreadPoolExecutor(len(plan.queries)) as threads:
        return list(threads.map(lambda number: _Person(plan, number).visit(), range(len(plan.queries))))


class _Person:
    """Who makes one visit."""

    def __init__(self, plan: Plan, number: int) -> None:
        self._plan, self._number = plan, number
        self._chance = random.Random(f"{plan.seed} {number}")
        self._queries = list(plan.queries[number])
        self._page = Visitor(plan.url, timeout=_LONGEST)
        self._visit = Visit()
        self._asked = 0.0

    def visit(self) -> Visit:
        until = time.monotonic() + self._plan.seconds
        try:
            with self._page:
                self._begin()
                while time.monotonic() < until or len(self._visit.clicked) < self._plan.least_clicks:
                    self._think()
                    try:
                        self._click()
                    except NotShown:  # what stood there went while the hand was on its way
                        if self._page.is_drawn:
                            raise
                self._end()
        except Exception as error:  # whatever it is, it is what the visit came to
            self._visit.errors.append(f"{type(error).__name__}: {error}")
        return self._visit

    def _begin(self) -> None:
        documents, corpus = self._plan.first_documents, self._plan.corpus
        if documents:
            self._visit.clicked.append(DocumentQueried(documents[self._number]))
            self._page.open(address(corpus=corpus, like=documents[self._number]))
        else:
            self._page.open(address(corpus=corpus))
        self._visit.session_id = self._page.session_id
        if not documents:
            self._search("first search")

    def _end(self) -> None:
        session = self._visit.session(self._plan.corpus)
        self._page.wait_for(lambda: self._page.is_drawn and self._shows(session))
        self._visit.rows = {ranker: self._page.rows(ranker) for ranker in COLUMNS}
        self._visit.marks = self._page.marks() if session.feedback else Feedback()
        self._look()

    def _think(self) -> None:
        self._page.rest(_LEAST_THOUGHT + self._chance.expovariate(1 / (self._plan.think - _LEAST_THOUGHT)))

    def _click(self) -> None:
        session = self._visit.session(self._plan.corpus)
        marked = session.feedback.marked
        drawn = self._chance.random()
        if (drawn := drawn - _SEARCH) < 0 and self._queries:
            self._search("search")
        elif (drawn := drawn - _MORE) < 0:
            self._more()
        elif (drawn := drawn - _BACK) < 0 and marked:
            self._mark(self._chance.choice(marked), self._chance.choice(COLUMNS), None)
        elif drawn - _UNDO < 0 and session.marks.past and self._page.is_drawn:
            self._take("mark", Undone(), lambda: self._page.act("undo", wait=False))
        else:
            self._mark_one(session)

    def _mark_one(self, session: Session) -> None:
        """Mark a row; where all have a mark, ask for more like one of them."""
        free = [row for row in self._rows() if session.feedback.mark_of(row[0]) is None]
        if not free:
            self._more()
            return
        self._mark(*free[0], "positive" if self._chance.random() < _RELEVANT else "negative")

    def _more(self) -> None:
        doc_id, ranker = self._chance.choice(self._rows())
        row = self._page.lists.shown_row(doc_id, self._page.side(ranker))
        like = {"id": row["id"], "hash": row["hash"]}
        self._take("search", DocumentQueried(doc_id), lambda: self._page.act("like", wait=False, **like))

    def _mark(self, doc_id: str, ranker: str, mark: Mark | None) -> None:
        self._take("mark", Marked(doc_id, mark), lambda: self._page.mark(doc_id, mark, ranker, wait=False))

    def _search(self, what: str) -> None:
        query, marked = self._queries.pop(0), bool(self._visit.session(self._plan.corpus).feedback)
        self._take(what, Queried(query), lambda: self._type(query, marked=marked))

    def _type(self, query: str, *, marked: bool) -> None:
        """Type a query; where there are marks, answer that they count for it too."""
        self._page.search(query, wait=False)
        if marked:
            self._page.wait_for(lambda: self._page.is_drawn)
            self._page.click("same_search", wait=False)

    def _take(self, what: str, event: Event, click: Callable[[], None]) -> None:
        """Click, and wait until the page shows all that comes of it, unless in haste."""
        self._asked = time.perf_counter()
        click()
        self._visit.clicked.append(event)
        if what == "mark" and self._chance.random() < _HASTY:
            self._page.rest(_LEAST_THOUGHT)
            return
        session = self._visit.session(self._plan.corpus)
        self._page.wait_for(lambda: self._page.is_drawn and self._shows(session))
        self._visit.took.append((what, 1000 * (time.perf_counter() - self._asked)))
        self._look()

    def _shows(self, session: Session) -> bool:
        """Whether the page is at the session's query and shows all its marks as saved."""
        asked, feedback = self._page.query_params, session.feedback
        is_document = isinstance(session.query, DocumentQuery)
        query = DocumentQuery(asked.get("like", "")) if is_document else asked.get("q")
        counts = {mark: len(doc_ids) for mark, doc_ids in feedback.by_mark()}
        return query == session.query and not self._page.lists.pending and self._page.n_marks() == counts

    def _look(self) -> None:
        self._visit.errors += [each for each in self._page.problems() if each not in self._visit.errors]

    def _rows(self) -> list[tuple[str, str]]:
        """Return the rows of the page, each with its column, as the eye goes: the best of either column first."""
        columns = [[(doc_id, ranker) for doc_id in self._page.rows(ranker)] for ranker in COLUMNS]
        rows = [row for pair in zip(*columns, strict=False) for row in pair]
        if not rows:
            raise NotShown(f"no rows are on the page: {self._page.text()[-300:]}")
        return rows
