"""A visitor of the app without a browser, who searches, marks, and says what the page shows.

::

    with Visitor(url) as visitor:
        visitor.open(address(corpus="docs"))
        visitor.search("fill missing values")
        visitor.mark(visitor.rows()[0], "positive")
        assert visitor.problems() == []
"""

import html
import json
import re
import secrets
from typing import Any
from urllib.parse import urlencode

from streamlit.proto.WidgetStates_pb2 import WidgetState

from exemplar.retrieval.feedback import Feedback, Mark
from exemplar.retrieval.rankers import DEFAULT_RANKER
from tests.support.lists import BrowserLists
from tests.support.streamlit_client.tab import Disconnected, NotShown, Tab

__all__ = ["Disconnected", "NotShown", "Visitor", "address"]

_MESSAGE = re.compile(r'<div class="ex-message ex-(\w+)".*?</b> (.*)</div>', re.DOTALL)
_LAST_DRAWN = "lists"  # of a page of results
_LISTED = re.compile(r"mark (positive|negative|unsure) (.*)", re.DOTALL)


def address(**query: str) -> str:
    """Return the address of the search page with a query string."""
    return f"/?{urlencode(query)}"


class Visitor(Tab):
    """A tab at the app. What it raises when the app is gone is said in ``Tab``.

    Attributes
    ----------
    lists
        What a browser keeps of the lists; its name differs from that of every other visit.
    """

    def __init__(self, url: str, *, timeout: float = 180) -> None:
        super().__init__(url, timeout=timeout, last_drawn=_LAST_DRAWN)
        self.lists = BrowserLists(secrets.token_hex(6))
        self._feed = self._fragment = ""

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
        """Mark a row of a list, or with None take its mark back; return when the page confirms it, or at once."""
        row = self.lists.shown_row(doc_id, self.side(column))
        self.act("mark", wait=wait, verdict=mark, rows=[row])

    def act(self, kind: str, *, wait: bool = True, **about: Any) -> None:
        """Do something in the lists; return when the page confirms it, or without ``wait`` at once."""
        act = self.lists.act(kind, **about)
        self.say(wait=False)
        if wait:
            self.wait_for(lambda: self.is_drawn and (act not in self.lists.pending or bool(self.lists.failed)))
            if act in self.lists.pending:
                raise NotShown(f"it was not saved: {self.lists.failed}")

    def say(self, *, wait: bool = True) -> None:
        """Send the next message of the lists, with all acts that are not confirmed."""
        if not self._has_lists():
            raise NotShown(f"there are no lists on the page: {self.at()}")
        said = json.dumps([{"event": "say", "value": self.lists.message()}])
        self.ask(f"$$STREAMLIT_INTERNAL_KEY_{self._feed}__events", wait=wait, said=said, fragment=self._fragment)

    def side(self, column: str) -> int:
        """Return the place of a ranker's list."""
        rankers = [each["ranker"] for each in self.lists.data.get("lists", [])]
        if column not in rankers:
            raise NotShown(f"there is no list by {column}: {self.at()}")
        return rankers.index(column)

    def rows(self, column: str = DEFAULT_RANKER) -> list[str]:
        """Return the documents of a list from the top; none where there are no lists."""
        if not self._has_lists():
            return []
        if lacked := self.lists.lacked():
            raise NotShown(f"the texts of {len(lacked)} rows are on their way: {self.at()}")
        return self.lists.listed(self.side(column))

    def marks(self) -> Feedback:
        """Open the drawer of marks and return them, in the order in which they were made; at most the last 200."""
        self._open("marks")
        if (toggle := self.widget("all marks")) is not None and not self.tree.states[toggle.id].bool_value:
            self.tree.states[toggle.id].bool_value = True
            self.ask()
        listed: dict[str, list[str]] = {"positive": [], "negative": [], "unsure": []}
        for node in filter(self.tree.is_new, self.tree.root.walk()):
            if node.key and (match := _LISTED.fullmatch(node.key)):
                listed[match[1]].insert(0, match[2])
        return Feedback(*(tuple(doc_ids) for doc_ids in listed.values()))

    def n_marks(self) -> dict[str, int]:
        """Return how many marks of each kind there are, as the lists say."""
        counts = self.lists.data["counts"]
        return {mark: counts[mark] for mark in ("positive", "negative", "unsure")}

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

    def _has_lists(self) -> bool:
        return any(each.id == self._feed for each in self.tree.root.find("bidi_component"))

    def _open(self, key: str) -> None:
        """Open a popover; closed and opened again, it shows what is there by now."""
        for node in self.tree.root.walk():
            if node.kind == "popover" and node.key == key:
                self.tree.states[node.element.id].bool_value = True
                self.ask()
                return
        raise NotShown(f"there is no popover '{key}': {self.at()}")

    def _forget(self, address: str) -> None:
        super()._forget(address)
        self._feed = self._fragment = ""

    def _take_component(self, component: Any, fragment: str) -> None:
        self._feed, self._fragment = component.id, fragment
        data = component.mixed.json or component.json
        self.lists.draw(json.loads(data))
        if self.lists.lacked():
            self.say(wait=False)
