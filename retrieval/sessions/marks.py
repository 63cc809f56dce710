"""The marks of a session with their undo history, and the texts they were made on."""

import functools
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from exemplar.data.documents import Document, full_text, hash_in_words, text_hash
from exemplar.retrieval.feedback import Feedback, Mark

MOST_UNDO = 100

_State = tuple[Mark, int] | None  # a mark, and its place in the order of marks
_Change = tuple[tuple[str, _State, _State], ...]  # of documents: the states before and after


@dataclass(frozen=True, slots=True)
class MarkedText:
    """The title and the text that a person saw when marking; ``text_hash`` identifies them."""

    title: str | None
    text: str

    @classmethod
    def of(cls, document: Document) -> Self:
        """Return the title and the text of a document."""
        return cls(document.title, document.text)

    @property
    def full_text(self) -> str:
        """The title, an empty line, and the text."""
        return full_text(self.title, self.text)

    @property
    def text_hash(self) -> str:
        """The hash of the full text, 16 hexadecimal digits."""
        return hash_in_words(text_hash(self.full_text.encode(errors="replace")))


class Marks:
    """The marks on documents, in the order in which they were made, with the changes that undo and redo restore.

    A change takes time in proportion to the documents that it concerns. A session copies its marks before a change.

    Attributes
    ----------
    texts
        The hashes of the marked texts by ``doc_id``; marks of earlier versions have none.
    made
        The time of the last mark without a text by ``doc_id``.
    corpus_ids
        The identity of the corpus on which the last mark was made by ``doc_id``, as far as it is known.
    """

    def __init__(self) -> None:
        self._states: dict[str, tuple[Mark, int]] = {}
        self._n_changes = 0
        self.past: deque[_Change] = deque(maxlen=MOST_UNDO)
        self.future: deque[_Change] = deque(maxlen=MOST_UNDO)
        self.texts: dict[str, str] = {}
        self.made: dict[str, str] = {}
        self.corpus_ids: dict[str, str] = {}

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
        copied.texts, copied.made = self.texts.copy(), self.made.copy()
        copied.corpus_ids = self.corpus_ids.copy()
        copied.past, copied.future = self.past.copy(), self.future.copy()
        return copied

    @functools.cached_property
    def feedback(self) -> Feedback:
        """The marked documents; read it only when no change follows."""
        ordered = sorted(self._states.items(), key=lambda item: item[1][1])
        by_mark: dict[Mark, list[str]] = {"positive": [], "negative": [], "unsure": []}
        for doc_id, (mark, _) in ordered:
            by_mark[mark].append(doc_id)
        return Feedback(*(tuple(doc_ids) for doc_ids in by_mark.values()))

    def on_text(self, text_hash: str) -> list[str]:
        """Return the documents with marks that were made on a text, in the order in which they were first marked."""
        return [doc_id for doc_id in self._states if self.texts.get(doc_id) == text_hash]

    def set(
        self,
        changes: Iterable[tuple[str, Mark | None]],
        texts: Mapping[str, str] | None = None,
        at: str = "",
        corpus_id: str = "",
    ) -> None:
        """Set, change or (None) remove marks in one step; what changes nothing is no step.

        ``texts`` has the hashes of the documents' texts, which undo does not take back, ``at`` is the time, and
        ``corpus_id`` the identity of the corpus, empty if it is not known.
        """
        changes, texts = list(changes), texts or {}
        self.texts.update(texts)
        for doc_id in (doc_id for doc_id, mark in changes if mark is not None):
            self.corpus_ids[doc_id] = corpus_id
            if doc_id not in texts:
                self.texts.pop(doc_id, None)
                self.made[doc_id] = at
        change: list[tuple[str, _State, _State]] = []
        for doc_id, mark in changes:
            old = self._states.get(doc_id)
            if mark != (old and old[0]):
                self._n_changes += 1
                change.append((doc_id, old, None if mark is None else (mark, self._n_changes)))
        if change:
            self._apply((doc_id, new) for doc_id, _, new in change)
            self.past.append(tuple(change))
            self.future.clear()

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
        texts = {new_id: self.texts.pop(old_id) for old_id, new_id in moves.items() if old_id in self.texts}
        corpus_ids = {new_id: self.corpus_ids.pop(old_id, "") for old_id, new_id in moves.items()}
        for new_id, state in states.items():
            self._states[new_id] = max(state, self._states.get(new_id, state), key=lambda each: each[1])
        self.texts.update(texts)
        self.corpus_ids.update(corpus_ids)
        self.past.clear()
        self.future.clear()

    def _apply(self, states: Iterable[tuple[str, _State]]) -> None:
        for doc_id, state in states:
            if state is None:
                self._states.pop(doc_id, None)
            else:
                self._states[doc_id] = state

    def _content(self) -> tuple[object, ...]:
        return self._states, self.past, self.future, self.texts
