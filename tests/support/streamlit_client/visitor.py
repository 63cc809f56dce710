"""A visitor of the app without a browser, who searches, marks, and says what the page shows.

::

    with Visitor(url) as visitor:
        visitor.open(address(corpus="docs"))
        visitor.search("fill missing values")
        visitor.mark(visitor.rows()[0], "positive")
        assert visitor.problems() == []
"""

import html
import re
from collections.abc import Iterator
from urllib.parse import urlencode

from streamlit.proto.WidgetStates_pb2 import WidgetState

from exemplar.retrieval.feedback import Feedback, Mark
from exemplar.retrieval.rankers import DEFAULT_RANKER
from tests.support.streamlit_client.tab import Disconnected, NotShown, Tab
from tests.support.streamlit_client.tree import Node

__all__ = ["Disconnected", "NotShown", "Visitor", "address"]

_MARKED = re.compile(r'class="ex-marked ex-(positive|negative)"')
_MESSAGE = re.compile(r'<div class="ex-message ex-(\w+)".*?</b> (.*)</div>', re.DOTALL)
_LISTS: dict[str, Mark] = {"Relevant": "positive", "Not relevant": "negative"}
_LIST = re.compile(rf"({'|'.join(_LISTS)}) \(([\d,]+)\)")
_LAST_DRAWN = "keyboard"  # of a page of results; what follows only marks sentences in it


def address(**query: str) -> str:
    """Return the address of the search page with a query string."""
    return f"/?{urlencode(query)}"


class Visitor(Tab):
    """A tab at the app. What it raises when the app is gone is said in ``Tab``.

    Documents go by their doc_id; very long ones by what the app puts in their place in the keys of its widgets.
    """

    def __init__(self, url: str, *, timeout: float = 180) -> None:
        super().__init__(url, timeout=timeout, last_drawn=_LAST_DRAWN)

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def session_id(self) -> str:
        """The id of the session that the page shows; empty before it has one."""
        return self.query_params.get("session", "")

    def search(self, text: str, *, wait: bool = True) -> None:
        """Type a query and press Search."""
        box = self.widget("query_text")
        button = next((each for each in self.tree.root.find("button") if each.is_form_submitter), None)
        if box is None or button is None:
            raise NotShown(f"there is no box for a query on the page: {self.at()}")
        self.tree.states[box.id] = WidgetState(id=box.id, string_value=text)
        self.ask(button.id, wait=wait)

    def mark(self, doc_id: str, mark: Mark | None, column: str = DEFAULT_RANKER, *, wait: bool = True) -> None:
        """Mark a row of a column, or with None take its mark back, by the row's own buttons.

        It returns when the page has confirmed it: its list of marks says so, and it has finished (without ``wait`` it
        may still mark sentences). ``NotShown`` says that the page does something else.
        """
        there = self.marked_rows(column).get(doc_id)
        if mark == there:
            raise ValueError(f"the row of '{doc_id}' is marked so already: {mark}")
        self.click(f"{mark or there} {column} {doc_id}", wait=False)
        self.wait_for(lambda: self.is_finished if wait else self.is_drawn)
        if self.marks().mark_of(doc_id) != mark:
            raise NotShown(f"the mark on '{doc_id}' should be {mark}: {self.at()}")

    def list_all(self, *, wait: bool = True) -> None:
        """Have the sidebar list all marks (at most 200 of each kind); ``wait`` is as for a mark."""
        for title in _LISTS:
            toggle = self.widget(f"all {title}")
            if toggle is not None and not self.tree.states[toggle.id].bool_value:
                self.tree.states[toggle.id].bool_value = True
                self.ask(wait=False)
                self.wait_for(lambda: self.is_finished if wait else self.is_drawn)

    def rows(self, column: str = DEFAULT_RANKER) -> list[str]:
        """Return the documents of a column from the top."""
        return [doc_id for doc_id, _ in self._rows(column)]

    def marked_rows(self, column: str = DEFAULT_RANKER) -> dict[str, Mark]:
        """Return which rows of a column have a mark, and which."""
        return {doc_id: mark for doc_id, mark in self._rows(column) if mark}

    def marks(self) -> Feedback:
        """Return the marks that are listed in the sidebar: the latest 15 of each kind, and all after ``list_all``."""
        listed: dict[Mark, list[str]] = {"positive": [], "negative": []}
        for mark, node in self._lists():
            if node.key and node.key.startswith("mark "):
                listed[mark].append(node.key.removeprefix("mark "))
        return Feedback(tuple(listed["positive"]), tuple(listed["negative"]))

    def n_marks(self) -> dict[Mark, int]:
        """Return how many marks of each kind there are, as the sidebar says."""
        counts = {mark: said[1] for mark, node in self._lists() if (said := _title(node))}
        return {mark: counts.get(mark, 0) for mark in _LISTS.values()}

    def problems(self) -> list[str]:
        """Return what went wrong on the page: exceptions, and sentences that tell of errors."""
        return [*self.exceptions(), *self.messages("error")]

    def messages(self, kind: str) -> list[str]:
        """Return the sentences of a kind (error, warning, success) that the page tells."""
        found = (_MESSAGE.fullmatch(each.body) for each in self.tree.root.find("html"))
        return [html.unescape(match[2]) for match in found if match and match[1] == kind]

    def text(self) -> str:
        """Return all that the page says in text of its own, for whoever wants to know what stands there."""
        return html.unescape(re.sub(r"<.*?>", " ", " ".join(each.body for each in self.tree.root.find("html"))))

    def _rows(self, column: str) -> Iterator[tuple[str, Mark | None]]:
        place = f"row {column} "
        for node in self.tree.root.block(f"column-{column}").walk():
            if node.key and node.key.startswith(place):
                mark = _MARKED.search(next((each.body for each in node.find("html")), ""))
                yield node.key.removeprefix(place), mark and mark[1]  # type: ignore[misc]

    def _lists(self) -> Iterator[tuple[Mark, Node]]:
        """Yield what stands in the sidebar's lists of marks, each with the mark that its list is of."""
        mark: Mark | None = None
        for node in filter(self.tree.is_new, self.tree.sidebar.walk()):
            if said := _title(node):
                mark = _LISTS[said[0]]
            if mark:
                yield mark, node


def _title(node: Node) -> tuple[str, int] | None:
    """Return what a list of marks is called and how many it says there are, if a node is its title."""
    match = _LIST.fullmatch(node.element.body) if node.kind == "markdown" else None
    return (match[1], int(match[2].replace(",", ""))) if match else None
