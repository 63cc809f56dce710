"""The lists of the page Search without a browser: what they draw, and what a person does in them."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.support.pages import ran

DRAWN, SAID = "drawn_by_the_lists", "said_by_the_lists"

_tabs = itertools.count(1)


def fake_feed(data: dict[str, Any], on_message: Callable[[Any], None]) -> None:
    """Take the place of the component: keep all that it would draw, and say what the test says in its place."""
    st.session_state[DRAWN] = [*st.session_state.get(DRAWN, []), data]
    st.button("Say", key="say", on_click=lambda: on_message(st.session_state[SAID]))


def no_frame(**_: Any) -> None:
    """Take the place of the component's frame: draw nothing."""


class BrowserLists:
    """What a browser keeps of the lists: the texts it was sent, its name, and the acts that are not yet confirmed.

    Attributes
    ----------
    tab
        The name of the browser's tab; no two of them have the same.
    """

    def __init__(self, tab: str = "") -> None:
        self.tab, self.n_messages, self.n_acts = tab or f"tab{next(_tabs)}", 0, 0
        self.data: dict[str, Any] = {}
        self.rows: dict[int, dict[str, Any]] = {}
        self.pending: list[dict[str, Any]] = []
        self.failed: dict[str, str] = {}
        self.shown = 25

    def draw(self, data: dict[str, Any]) -> None:
        """Take a drawing."""
        if data["corpus"] != self.data.get("corpus"):
            self.rows = {}
        if data["place"] != self.data.get("place"):
            self.shown = 25
        self.data = data
        self.rows |= {int(row): texts for row, texts in data["rows"].items()}
        if data["tab"] == self.tab:
            self.pending = [act for act in self.pending if act["key"] not in data["confirmed"]]
            self.failed = data["failed"]

    def act(self, kind: str, **about: Any) -> dict[str, Any]:
        """Add an act to those that are not confirmed, and return it."""
        self.n_acts += 1
        where = {"session": self.data["session"], "corpus": self.data["corpus_name"]}
        act = {"key": f"{self.tab}-{self.n_acts}", "act": kind, **where, "corpus_id": self.data["corpus_id"], **about}
        self.pending.append(act)
        return act

    def message(self, **about: Any) -> dict[str, Any]:
        """Return the next message, with all acts that are not confirmed."""
        self.n_messages += 1
        standing = {"tab": self.tab, "place": self.data["place"], "open": None, "shown": [self.shown]}
        standing["need"] = self.lacked()
        return {"message": self.n_messages, **standing, "acts": list(self.pending), **about}

    def lacked(self) -> list[int]:
        """Return the listed rows whose texts were lost with a drawing that never came."""
        return [row for each in self.data["lists"] for row in each["rows"] if row not in self.rows]

    def listed(self, side: int = -1) -> list[str]:
        """Return the doc_ids of a list, in order."""
        return [self.rows[row]["id"] for row in self.data["lists"][side]["rows"]]

    def by(self, ranker: str) -> list[str]:
        """Return the doc_ids of a ranker's list, in order; none if there is no such list."""
        sides = [side for side, each in enumerate(self.data.get("lists", ())) if each["ranker"] == ranker]
        return self.listed(sides[0]) if sides else []

    def texts(self, doc_id: str) -> dict[str, Any]:
        """Return what the browser was sent of a document."""
        return self.rows[self.row(doc_id)]

    def row(self, doc_id: str) -> int:
        """Return a document's row in the corpus."""
        row = next((row for row, texts in self.rows.items() if texts["id"] == doc_id), None)
        if row is None:
            raise KeyError(f"the lists have never shown '{doc_id}'")
        return row

    def shown_row(self, doc_id: str, side: int = -1) -> dict[str, Any]:
        """Return a document as a row of a mark or another act."""
        listed = self.listed(side)
        rank = listed.index(doc_id) + 1 if doc_id in listed else 0
        return {
            "id": doc_id,
            "hash": self.texts(doc_id)["hash"],
            "list": self.data["lists"][side]["ranker"],
            "rank": rank,
        }

    def marks(self) -> dict[str, str]:
        """Return the marks of the listed rows by doc_id."""
        return {self.rows[int(row)]["id"]: mark for row, mark in self.data["marks"].items()}

    def counts(self) -> dict[str, int]:
        """Return how many texts have each mark."""
        return {mark: self.data["counts"][mark] for mark in ("positive", "negative", "unsure")}


class Lists(BrowserLists):
    """The lists of a page that Streamlit runs without a browser; they know all that the page has drawn so far."""

    def __init__(self, app: AppTest, tab: str = "") -> None:
        super().__init__(tab)
        self.app = app
        self._n_drawn = 0
        self.look()

    def look(self) -> "Lists":
        """Take what was drawn since."""
        drawn = self.app.session_state.get(DRAWN, [])
        for data in drawn[self._n_drawn :]:
            self.draw(data)
        self._n_drawn = len(drawn)
        return self

    def say(self, **about: Any) -> "Lists":
        """Send a message, and take the drawing that answers it."""
        self.app.session_state[SAID] = self.message(**about)
        ran(self.app.button(key="say").click().run())
        return self.look()

    def do(self, kind: str, **about: Any) -> "Lists":
        """Do something, and wait for the answer."""
        self.act(kind, **about)
        return self.say()

    def mark(self, doc_id: str, verdict: str | None = "positive", side: int = -1) -> "Lists":
        """Mark a row, or with None take its mark back."""
        return self.do("mark", verdict=verdict, rows=[self.shown_row(doc_id, side)])

    def mark_all(self, doc_ids: Sequence[str], verdict: str | None = "positive", side: int = -1) -> "Lists":
        """Mark a range of rows."""
        return self.do("mark", verdict=verdict, rows=[self.shown_row(doc_id, side) for doc_id in doc_ids])

    def like(self, doc_id: str) -> "Lists":
        """Look for more like a row."""
        return self.do("like", id=doc_id, hash=self.texts(doc_id)["hash"])

    def note(self, doc_id: str, text: str, reason: str = "") -> "Lists":
        """Write a note on a row, and choose a reason."""
        return self.do("note", id=doc_id, hash=self.texts(doc_id)["hash"], text=text, reason=reason)

    def fold(self, on: bool) -> "Lists":
        """Fold marked rows away, or show them in their places."""
        return self.do("fold", on=on)
