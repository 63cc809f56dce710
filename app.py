"""The page in the browser: create the pages and the navigation between them."""

from pathlib import Path

import streamlit as st

from exemplar import ui
from exemplar.ui import navigation
from exemplar.ui.corpora.page import corpora_page
from exemplar.ui.corpora.welcome import welcome
from exemplar.ui.evaluation.page import evaluate_page
from exemplar.ui.search.page import search_page
from exemplar.ui.sessions_page import sessions_page

# An icon file of our own: Streamlit fetches its built-in icons for the browser's tab from the network.
ICON = str(Path(ui.__file__).with_name("icon.svg"))

st.set_page_config(page_title="Exemplar", page_icon=ICON, layout="wide")
st.logo(ICON, size="large")
navigation.run(
    st.Page(
        lambda: search_page(welcome), title="Search", icon=":material/search:", url_path="search_page", default=True
    ),
    [
        st.Page(sessions_page, title="Sessions", icon=":material/history:", url_path="sessions"),
        st.Page(corpora_page, title="Corpora", icon=":material/library_books:", url_path="corpora"),
        st.Page(evaluate_page, title="Evaluate", icon=":material/monitoring:", url_path="evaluate"),
    ],
)
