"""Mount the lists: a frame with script and style, drawn once, and a feed that carries what changes.

A component's script travels with every update of its data, so the frame has no data, and the feed hardly any script.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from exemplar.ui.search.lists.messages import LONGEST_NOTE

FEED = "lists"
_HERE = Path(__file__).parent
_FEED_SCRIPT = """export default ({ data, setTriggerValue }) => {
  window.exemplarFeed = { data, send: (message) => setTriggerValue("say", message) }
  window.exemplarLists?.draw()
}"""

# The script finds an element by its data-part; a row and the text of the open row are copied from here.
_HEAD = '<div class="exl-title-line"><h2 dir="auto"></h2><select></select><small></small></div>'
_LIST = '<div class="exl-list"><ul role="list"></ul><p class="exl-empty"></p></div>'
_TAB = '<button type="button" data-do="side"></button>'
SCRIPT = "\n".join((_HERE / name).read_text() for name in ("lists.js", "open_row.js", "screen.js"))
_CURVES = ("dot", "none", "unsure", "negative", "positive", "lit")  # later ones are drawn over earlier ones
FRAME = f"""<div class="exl"></div>
<template>
  <div class="exl-bar">
    <span data-part="counted"></span><span data-part="saving" class="exl-quiet"></span>
    <button type="button" data-part="undo" data-do="undo" title="Undo (u)">Undo</button>
    <button type="button" data-part="redo" data-do="redo" title="Redo (Shift+U)">Redo</button>
    <button type="button" data-part="fold" data-do="fold"></button>
    <span data-part="alert" class="exl-alert" role="alert"></span>
    <span data-part="status" class="exl-info" dir="auto"></span>
  </div>
  <div class="exl-tabs" data-part="tabs">{_TAB}{_TAB}</div>
  <details class="exl-claim" data-part="claim" hidden>
    <summary data-part="sentence" dir="auto"></summary><p data-part="needs" dir="auto"></p>
  </details>
  <p class="exl-told" data-part="told" aria-live="polite"></p>
  <div class="exl-heads">{_HEAD}<span data-part="agreement" class="exl-agree"></span>{_HEAD}</div>
  <div class="exl-body">
    <div class="exl-scroll" data-part="scroll" tabindex="-1">
      {_LIST}
      <svg class="exl-gutter" data-part="gutter" aria-hidden="true">
        {"".join(f'<path class="exl-{kind}" data-kind="{kind}"/>' for kind in _CURVES)}
      </svg>
      {_LIST}
    </div>
    <aside class="exl-aside" data-part="aside" aria-label="Open document">
      <p class="exl-quiet">Enter, or a click on a row, shows its text here.</p>
    </aside>
  </div>
  <div class="exl-closing">
    <p data-part="news" class="exl-news" role="status" aria-live="polite"></p><span data-part="stretch"></span>
  </div>
  <li class="exl-row" data-part="row">
    <span class="exl-rank"></span><span class="exl-sign"></span><div class="exl-head"></div>
    <div class="exl-text" dir="auto"></div><span class="exl-share"></span>
    <button type="button" data-do="positive" title="Relevant" tabindex="-1">+</button>
    <button type="button" data-do="negative" title="Not relevant" tabindex="-1">&minus;</button>
  </li>
  <div class="exl-open" data-part="open">
    <h3 dir="auto" data-part="heading"></h3>
    <div class="exl-read" data-part="read" tabindex="0" role="group">
      <div class="exl-whole" data-part="whole" dir="auto"></div><div class="exl-more" data-part="more"></div>
    </div>
    <div class="exl-foot">
      <p class="exl-noted" data-part="noted" dir="auto"></p><p class="exl-because" data-part="because"></p>
      <div class="exl-deeds" data-part="deeds">
        <button type="button" data-do="positive">Relevant</button>
        <button type="button" data-do="negative">Not relevant</button>
        <button type="button" data-do="unsure">Unsure</button>
        <button type="button" data-do="like">More like this</button>
        <button type="button" data-do="note">Note</button>
      </div>
      <div class="exl-editor" data-part="editor" hidden>
        <textarea class="exl-note" data-part="note" aria-label="Note" maxlength="{LONGEST_NOTE}" dir="auto" rows="3"
        ></textarea>
        <select class="exl-reason" data-part="reason" aria-label="Reason why it is not relevant"></select>
        <button type="button" data-do="save">Save</button><button type="button" data-do="cancel">Cancel</button>
      </div>
    </div>
  </div>
</template>"""


@st.cache_resource(show_spinner=False)
def _frame() -> Any:
    return st.components.v2.component(
        "exemplar_lists",
        html=FRAME,
        css=(_HERE / "lists.css").read_text(),
        js=SCRIPT,
        isolate_styles=False,
    )


@st.cache_resource(show_spinner=False)
def _feed() -> Any:
    return st.components.v2.component("exemplar_feed", js=_FEED_SCRIPT, isolate_styles=False)


def show_frame(*, empty: bool) -> None:
    """Draw the frame of the lists, which takes the page's keys; it draws what ``feed`` gives it, unless it is empty."""
    _frame()(key="lists-frame", data={"empty": empty}, height="content", on_again_change=_run_again)


def _run_again() -> None:
    """Do nothing but let the page run: after a restart of the server it has to, or nobody hears the feed."""


def feed(data: dict[str, Any], on_message: Callable[[Any], None]) -> None:
    """Give the lists what to draw; ``on_message`` takes what the browser says, before the page runs again."""

    def say() -> None:
        if (said := st.session_state[FEED].say) is not None:
            on_message(said)

    _feed()(key=FEED, data=data, on_say_change=say, height=0)
