"""The marks of a session with their undo history, and the texts they were made on."""

import functools
from collections import deque
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.documents import Document, full_text, hash_in_words, text_hash
from exemplar.retrieval.feedback import Feedback, Mark

MOST_UNDO = 100


@dataclass(frozen=True, slots=True)
class _State:
    """The mark of a document: its place in the order of marks, and what it was made on.

    Attributes
    ----------
    text_hash
        Of the marked text; None if an earlier version made the mark.
    corpus_id
        The identity of the corpus; empty if it is not known.
    made
        The time, ISO 8601; empty if it is not known.
    found
        How the row was found, as ``Marked`` has it.
    reader
        Who made it; empty if that person gave no name.
    """

    mark: Mark
    place: int
    text_hash: str | None
    corpus_id: str
    made: str = field(compare=False)
    found: Mapping[str, Any] = field(default_factory=dict, compare=False)
    reader: str = ""


_Change = tuple[tuple[str, _State | None, _State | None], ...]  # of documents: the states before and after


@dataclass(frozen=True, slots=True)
class MarkedText:
    """The title and the text that a person saw when marking; ``text_hash`` identifies them.

    Attributes
    ----------
    whole_hash
        The hash of the whole text, if title and text are a shortened form of it; else empty.
    """

    title: str | None
    text: str
    whole_hash: str = ""

    @classmethod
    def of(cls, document: Document) -> Self:
        """Return the title and the text of a document."""
        return cls(document.title, document.text)

    def with_hash(self, text_hash: str) -> Self:
        """Return the same title and text, known to belong to the text with a hash."""
        return self if text_hash == self.text_hash else replace(self, whole_hash=text_hash)

    @property
    def full_text(self) -> str:
        """The title, an empty line, and the text."""
        return full_text(self.title, self.text)

    @property
    def text_hash(self) -> str:
        """The hash of the full text, as long as it was, 16 hexadecimal digits."""
        return self.whole_hash or hash_in_words(text_hash(self.full_text.encode(errors="replace")))


def marked_texts(corpus: DocumentStore, rows: Sequence[int]) -> list[MarkedText]:
    """Return the texts of the documents at rows with the corpus's hashes: a database may have shortened the texts."""
    documents = zip(corpus.documents_at(rows), corpus.text_hashes(rows), strict=True)
    return [MarkedText.of(document).with_hash(text_hash) for document, text_hash in documents]


class Marks:
    """The marks on documents, in the order in which they were made, with the changes that undo and redo restore.

    Undo and redo restore a mark with the text, the corpus and the time of its making. A change takes time in proportion
    to the documents that it concerns. A session copies its marks before a change.
    """

    def __init__(self) -> None:
        self._states: dict[str, _State] = {}
        self._n_changes = 0
        self.past: deque[_Change] = deque(maxlen=MOST_UNDO)
        self.future: deque[_Change] = deque(maxlen=MOST_UNDO)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Marks) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self.feedback)

    def __repr__(self) -> str:
        return f"Marks({self.feedback}, {len(self.past)} to undo, {len(self.future)} to redo)"

    def copy(self) -> "Marks":
        """Return marks that can be changed without changing these."""
        copied = Marks()
        copied._states, copied._n_changes = self._states.copy(), self._n_changes
        copied.past, copied.future = self.past.copy(), self.future.copy()
        return copied

    @property
    def marked(self) -> frozenset[str]:
        """All marked documents."""
        return frozenset(self._states)

    @functools.cached_property
    def order(self) -> tuple[str, ...]:
        """All marked documents, whatever their marks, the oldest mark first; read it only when no change follows."""
        return tuple(sorted(self._states, key=lambda doc_id: self._states[doc_id].place))

    @functools.cached_property
    def feedback(self) -> Feedback:
        """The marked documents; read it only when no change follows."""
        by_mark: dict[Mark, list[str]] = {"positive": [], "negative": [], "unsure": []}
        for doc_id in self.order:
            by_mark[self._states[doc_id].mark].append(doc_id)
        return Feedback(*(tuple(doc_ids) for doc_ids in by_mark.values()))

    @property
    def texts(self) -> dict[str, str]:
        """The hashes of the marked texts by ``doc_id``; marks of earlier versions have none."""
        return {doc_id: state.text_hash for doc_id, state in self._states.items() if state.text_hash is not None}

    @property
    def made(self) -> dict[str, str]:
        """The time of each mark by ``doc_id``; empty if it is not known."""
        return {doc_id: state.made for doc_id, state in self._states.items()}

    @property
    def corpus_ids(self) -> dict[str, str]:
        """The identity of the corpus on which each mark was made by ``doc_id``; empty if it is not known."""
        return {doc_id: state.corpus_id for doc_id, state in self._states.items()}

    @property
    def found(self) -> dict[str, Mapping[str, Any]]:
        """How the row of each mark was found, by ``doc_id``, the oldest mark first; empty if it is not known."""
        return {doc_id: self._states[doc_id].found for doc_id in self.order}

    @property
    def readers(self) -> dict[str, str]:
        """Who made each mark by ``doc_id``, as far as they gave a name."""
        return {doc_id: state.reader for doc_id, state in self._states.items() if state.reader}

    def reader_of(self, doc_id: str) -> str:
        """Return who made a document's mark; empty if that is not known, or there is none."""
        state = self._states.get(doc_id)
        return "" if state is None else state.reader

    def text_of(self, doc_id: str) -> str | None:
        """Return the hash of the text on which a document's mark was made; None if there is none."""
        state = self._states.get(doc_id)
        return None if state is None else state.text_hash

    def on_texts(self, text_hashes: Container[str]) -> list[str]:
        """Return the documents with marks that were made on some texts, in the order in which they were first marked.

        ``text_hashes`` are the hashes of the texts.
        """
        return [doc_id for doc_id, state in self._states.items() if state.text_hash in text_hashes]

    def set(
        self,
        changes: Iterable[tuple[str, Mark | None]],
        texts: Mapping[str, str] | None = None,
        made: Mapping[str, str] | None = None,
        corpus_ids: Mapping[str, str] | None = None,
        found: Mapping[str, Mapping[str, Any]] | None = None,
        readers: Mapping[str, str] | None = None,
    ) -> None:
        """Set, change or (None) remove marks in one step; what changes nothing is no step.

        ``texts``, ``made``, ``corpus_ids``, ``found`` and ``readers`` have by ``doc_id`` what the properties of their
        names return. A mark that is made again, or changed in a way that does not say how its row was found, keeps how
        it was found. So does a mark that is changed if its row was first found elsewhere than in a list: nobody read it
        in ranked order.
        """
        texts, made, corpus_ids, readers = texts or {}, made or {}, corpus_ids or {}, readers or {}
        found = found or {}
        change: list[tuple[str, _State | None, _State | None]] = []
        for doc_id, mark in changes:
            old, new = self._states.get(doc_id), None
            if mark is not None:
                is_again = old is not None and old.mark == mark
                about = texts.get(doc_id), corpus_ids.get(doc_id, ""), made.get(doc_id, "")
                way = found.get(doc_id, {})
                if old and (is_again or not way or "list" not in old.found):
                    way = old.found
                place = old.place if old and is_again else self._n_changes + 1
                new = _State(mark, place, *about, way, readers.get(doc_id, ""))
            if new != old:
                self._n_changes += 1
                change.append((doc_id, old, new))
            elif new is not None:
                self._states[doc_id] = new  # made again
        if change:
            self._apply((doc_id, new) for doc_id, _, new in change)
            self.past.append(tuple(change))
            self.future.clear()

    def know(self, texts: Mapping[str, str]) -> None:
        """Add the hashes of texts to marks without one by ``doc_id``; it is no step."""
        known = {
            state: replace(state, text_hash=texts[doc_id])
            for doc_id, state in self._states.items()
            if state.text_hash is None and doc_id in texts
        }

        def with_known(changes: Iterable[_Change]) -> deque[_Change]:
            known_changes = (
                tuple((doc_id, old and known.get(old, old), new and known.get(new, new)) for doc_id, old, new in change)
                for change in changes
            )
            return deque(known_changes, MOST_UNDO)

        self._states = {doc_id: known.get(state, state) for doc_id, state in self._states.items()}
        self.past, self.future = with_known(self.past), with_known(self.future)

    def clear(self) -> None:
        """Remove all marks in one step."""
        self.set([(doc_id, None) for doc_id in self._states])

    def undo(self) -> None:
        """Take the last step back, if there is one."""
        if self.past:
            change = self.past.pop()
            self._apply((doc_id, old) for doc_id, old, _ in change)
            self.future.appendleft(change)

    def redo(self) -> None:
        """Make the step again that was taken back last, if there is one."""
        if self.future:
            change = self.future.popleft()
            self._apply((doc_id, new) for doc_id, _, new in change)
            self.past.append(change)

    def follow(self, moves: Mapping[str, str]) -> None:
        """Move marks to other documents, all at once; it is no step, and steps before it are forgotten.

        Of two marks that come together the later one stays.
        """
        states = {new_id: self._states.pop(old_id) for old_id, new_id in moves.items() if old_id in self._states}
        for new_id, state in states.items():
            self._states[new_id] = max(state, self._states.get(new_id, state), key=lambda each: each.place)
        self.past.clear()
        self.future.clear()

    def _apply(self, states: Iterable[tuple[str, _State | None]]) -> None:
        for doc_id, state in states:
            if state is None:
                self._states.pop(doc_id, None)
            else:
                self._states[doc_id] = state

    def _content(self) -> tuple[object, ...]:
        return self._states, self.past, self.future
