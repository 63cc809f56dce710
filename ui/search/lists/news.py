"""What the last acts did to the lists: a sentence, and the rows that are new in a list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.feedback import MARK_NAMES
from exemplar.ui import html
from exemplar.ui.search.lists.messages import Act

_LONGEST_TITLE = 120  # characters: what the mark did stands behind it, in one line

Order = Sequence[str]  # the doc_ids of a list, in order
Orders = Mapping[tuple[str, str], Order]  # by a list's ranker and title


@dataclass(slots=True)
class News:
    """The sentence on the last acts of a tab, and the rows that they brought into its lists.

    Attributes
    ----------
    told
        The keys of the last message's acts that are done: a browser repeats them until it hears of it.
    orders
        The lists as they were drawn last.
    before
        The lists before the newest marks; none if the lists are others since.
    marked
        The documents of these marks.
    sentence
        What the last act did.
    """

    told: frozenset[str] = frozenset()
    orders: Orders = field(default_factory=dict)
    before: Orders = field(default_factory=dict)
    marked: frozenset[str] = frozenset()
    sentence: str = ""

    def forget_lists(self) -> None:
        """Begin anew, for other documents are listed."""
        self.orders, self.before, self.marked, self.sentence = {}, {}, frozenset(), ""

    def take(self, acts: Sequence[Act], confirmed: Sequence[str], orders: Orders, corpus: DocumentStore) -> None:
        """Take what was done since the last drawing, and the lists that are drawn now, the one to speak of last."""
        done = [act for act in acts if act.key in confirmed and act.key not in self.told]
        kinds = {act.kind for act in done}
        if kinds & {"mark", "undo", "redo"}:
            self.before = self.orders
            self.marked = frozenset(row.doc_id for act in done if act.kind == "mark" for row in act.rows)
        if kinds & {"fold", "ranker"}:  # no mark has brought what is new in these lists
            self.before = {}
        if acts:
            self.told = frozenset(confirmed)
        self.orders = orders
        if done:
            self.sentence = self._sentence(done[-1], corpus)

    def fresh(self, ranker: str, title: str) -> set[str]:
        """Return what a list did not have before the last marks; not what fills up for marked rows that left it."""
        before = self.before.get((ranker, title))
        if before is None:
            return set()
        order = self.orders[ranker, title]
        n_left = len(self.marked & set(before) - set(order))
        return set(order[: len(before) - n_left]).difference(before)

    def _sentence(self, act: Act, corpus: DocumentStore) -> str:
        match act.kind:
            case "fold":
                return "Marked rows are hidden." if act.on else "Marked rows are shown."
            case "note":
                return f"Saved the note on {_title(act.rows[0].doc_id, corpus)}."
            case "mark":
                what = f"{len(act.rows):,} documents" if len(act.rows) > 1 else _title(act.rows[0].doc_id, corpus)
                mark = f"Marked {what} as {MARK_NAMES[act.verdict]}" if act.verdict else f"Took back the mark of {what}"
                return f"{mark}{self._effect()}."
            case "undo":
                return f"Undid the last step{self._effect()}."
            case "redo":
                return f"Redid the step{self._effect()}."
        return ""

    def _effect(self) -> str:
        *_, last = self.orders or [None]
        if last is None or last not in self.before:
            return ""
        before, order = self.before[last], self.orders[last]
        n_new = len(self.fresh(*last))
        had, has = set(before), set(order)
        stayed = [doc_id for doc_id in before if doc_id in has]
        follows = [doc_id for doc_id in order if doc_id in had]
        n_moved = sum(a != b for a, b in zip(stayed, follows, strict=True))
        if not n_moved and not n_new:
            return ": the list stays as it is"
        return f": {n_moved:,} {'row' if n_moved == 1 else 'rows'} moved, {n_new:,} new"


def _title(doc_id: str, corpus: DocumentStore) -> str:
    row = corpus.rows_of([doc_id]).get(doc_id)
    title = None if row is None else corpus.document(row).title
    return html.shortened(title.rstrip("."), _LONGEST_TITLE) if title else html.name(doc_id)
