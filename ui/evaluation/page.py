"""Draw the page Evaluate: compare the rankers on corpora with known relevance, and show saved results."""

from collections.abc import Mapping, Sequence

import streamlit as st

from exemplar.data.building.uploads import uploaded_name
from exemplar.data.corpus.catalog import CorpusStatus
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.evaluation.judgements import check_judged
from exemplar.retrieval.evaluation.protocols import COMPARED, N_QUERIES, ROUNDS, SELECTABLE, TITLES
from exemplar.retrieval.evaluation.run import EvaluationPlan
from exemplar.retrieval.evaluation.to_the_end import STARTS, EndPlan, Start
from exemplar.ui import html, jobs, resources, state
from exemplar.ui.evaluation import job as evaluate_job
from exemplar.ui.evaluation.job import Evaluation
from exemplar.ui.evaluation.saved import choose_next, show_saved
from exemplar.ui.navigation import keep_session
from exemplar.ui.remedies import with_remedy

_REFRESH_EVERY = 1.0  # seconds
_MOST_QUERIES, _MOST_ROUNDS = 100_000, 50
_PAGES = (10, 1)  # documents, of reading to the end
_STARTS = {"both": "Both", "query": "The query alone", "two": "One relevant and one other document known"}
_SEEN = "evaluation_seen"

_RANKERS_HELP = """\
All of them by default; reading to the end compares six of them by default.

- **kNN**: nearest to the query; marks change nothing. The others are compared with it.
- **Centred kNN**: the same, less what the whole corpus has in common.
- **BM25**: by the words that a document shares with the query; marks change nothing.
- **Mean of positives**: nearest to the mean of query and relevant documents.
- **Rocchio**: the same, and away from those that are not relevant.
- **Logistic regression**: trained on query and marks alone.
- **Exemplar SVM**: trained on query and marks against the whole rest of the corpus.
- **Anchored SVM**: the same, held close to the mean of query and relevant documents; the default of the search.
- **ELAS-like SVM**: trained on the marks alone, by words and pairs of words, as ASReview does. Only reading to the end
  has it by default.
"""


def evaluate_page() -> None:
    """Draw the page."""
    keep_session()
    st.html(html.STYLE)
    st.title("Evaluate", anchor=False)
    st.caption(
        "Which ranker is best on your documents? Where it is known what is relevant, a simulated person searches and "
        "marks, and every ranker is measured by what it finds. It goes on in the background, even when this page is "
        "closed."
    )
    try:
        reasons = {status.name: why_not(status) for status in resources.statuses()}
    except ExemplarError as error:
        html.show_message("error", with_remedy(error))
        return
    corpora = [name for name, reason in reasons.items() if not reason]
    if not reasons:
        st.caption("There is no corpus yet. Build one on the page Corpora, with a column of labels.")
    elif not corpora:
        st.caption("None of the corpora can be evaluated: nothing says what is relevant in them.")
    else:
        _show_form(corpora)
    if len(corpora) < len(reasons):
        _show_reasons({name: reason for name, reason in reasons.items() if reason}, expanded=not corpora)
    _show_job()
    show_saved()


def why_not(status: CorpusStatus) -> str:
    """Return why a corpus can't be evaluated, and what to do; empty if it can."""
    manifest = status.manifest
    if manifest is None:
        return "what it is can't be read; see the page Corpora" if status.state == "damaged" else "it is empty so far"
    if not manifest.created:
        return "it is unfinished; build it on on the page Corpora"
    try:
        check_judged(manifest.source, shown_as=uploaded_name(manifest.source.source))
    except ExemplarError as error:
        return with_remedy(error)
    return ""


def _show_form(corpora: Sequence[str]) -> None:
    chosen = _choose_corpora(corpora)
    left, right = st.columns(2)
    with left:
        n_queries = _choose_n_queries()
    with right:
        rounds = _choose_rounds()
    rankers = _choose_rankers()
    to_the_end = _choose_to_the_end()
    running = any(job.running for job in jobs.jobs("evaluate"))
    if st.button(
        "Run",
        key="evaluate_run",
        type="primary",
        icon=":material/play_arrow:",
        disabled=running,
        help="Wait for the evaluation that goes on, or stop it." if running else "Begin, in the background.",
    ):
        _begin(chosen, rankers, rounds, n_queries, to_the_end)


def _choose_corpora(corpora: Sequence[str]) -> list[str]:
    session = state.current()
    default = [session.corpus] if session and session.corpus in corpora else corpora if len(corpora) == 1 else []
    return st.multiselect(
        "Corpora",
        corpora,
        default=default,
        key="evaluate_corpora",
        persist_state="session",
        placeholder="Choose one or several",
        help="Those of which it is known what is relevant: by their labels, by the judgements of a BEIR folder, or by "
        "the See Also of the documentation. Several are compared side by side.",
    )


def _choose_n_queries() -> int:
    return st.number_input(
        "Queries",
        min_value=1,
        max_value=_MOST_QUERIES,
        value=N_QUERIES,
        key="evaluate_queries",
        persist_state="session",
        help="At most so many of each corpus, drawn at random, the same ones every time. More take longer and tell "
        "more; fewer than 20 tell little.",
    )


def _choose_rounds() -> int:
    return st.number_input(
        "Rounds",
        min_value=1,
        max_value=_MOST_ROUNDS,
        value=ROUNDS,
        key="evaluate_rounds",
        persist_state="session",
        help="How many pages of ten documents the simulated person reads and marks, in the last of the three tables.",
    )


def _choose_rankers() -> list[str]:
    """Draw the picker of the rankers; return the chosen ones in the order of ``SELECTABLE``."""
    chosen = st.multiselect(
        "Rankers",
        SELECTABLE,
        default=COMPARED,
        key="evaluate_rankers",
        persist_state="session",
        format_func=lambda ranker: TITLES[ranker],
        placeholder="Choose at least one",
        help=_RANKERS_HELP,
    )
    return [ranker for ranker in SELECTABLE if ranker in chosen]


def _choose_to_the_end() -> EndPlan | None:
    """Draw the choices of reading to the end; return None if it is not to be done."""
    if not st.checkbox(
        "Read to the end",
        key="evaluate_to_the_end",
        persist_state="session",
        help="Also read every collection until the last relevant document, as a reviewer does who needs all of them. "
        "It takes long: every query is read for by every ranker.",
    ):
        return None
    left, right = st.columns(2)
    with left:
        page = st.selectbox(
            "Documents of a page",
            _PAGES,
            key="evaluate_page",
            persist_state="session",
            help="How many are judged before the ranker ranks the rest anew. One at a time takes ten times as long.",
        )
    with right:
        start = st.selectbox(
            "Start",
            _STARTS,
            key="evaluate_start",
            persist_state="session",
            format_func=lambda start: _STARTS[start],
            help="What is known before the first page. The two documents are drawn at random, three times.",
        )
    starts: dict[str, tuple[Start, ...]] = {"both": tuple(STARTS), "query": ("query",), "two": ("two",)}
    return EndPlan(page, starts[start])


def _begin(
    corpora: Sequence[str], rankers: Sequence[str], rounds: int, n_queries: int, to_the_end: EndPlan | None
) -> None:
    try:
        if not corpora or not rankers:
            raise ExemplarError(f"choose a {'ranker' if corpora else 'corpus'} first")
        engines = {name: resources.engine(name) for name in corpora}
        plan = EvaluationPlan(corpora, rankers, rounds, n_queries, index=resources.index(), to_the_end=to_the_end)
        evaluate_job.begin(Evaluation(plan, engines))
    except (ExemplarError, OSError) as error:
        html.show_message("error", with_remedy(error))
        return
    st.rerun()


def _show_reasons(reasons: Mapping[str, str], *, expanded: bool) -> None:
    with st.expander("Not to be evaluated", expanded=expanded, icon=":material/info:", key="evaluate_not"):
        for name, reason in reasons.items():
            line = html.element("b", "name-of", html.text(name)), ": ", html.text(html.shortened(reason)), "."
            st.html(html.element("div", "quiet", *line))


def _show_job() -> None:
    """Draw the evaluation that is running or has ended, live; when it ends, draw the whole page anew."""
    evaluations = jobs.jobs("evaluate")
    running = any(job.running for job in evaluations)
    for job in evaluations:
        if job.result and st.session_state.get(_SEEN) != job.result:
            st.session_state[_SEEN] = job.result
            choose_next(job.result)

    def draw() -> None:
        for job in jobs.jobs("evaluate"):
            if running and not job.running:
                st.rerun(scope="app")
            with st.container(border=True, key="evaluation", gap="xsmall"):
                _show_running(job) if job.running else _show_ended(job)

    st.fragment(draw, run_every=_REFRESH_EVERY if running else None)()


def _show_running(job: jobs.Job) -> None:
    evaluation: Evaluation = job.progress
    st.html(html.element("div", "head", html.element("b", "name-of", html.text(evaluation.latest.stage))))
    st.progress(evaluation.share, "Stopping" if job.stopping else evaluation.line or None)
    st.button(
        "Stop",
        key="evaluate_stop",
        icon=":material/stop:",
        help="Stop after the query that it is at. Nothing of it is kept.",
        disabled=job.stopping,
        on_click=job.stop,
    )


def _show_ended(job: jobs.Job) -> None:
    evaluation: Evaluation = job.progress
    if job.error:
        html.show_message("error", f"{evaluation.corpora} could not be evaluated: {job.error}")
    elif job.stopped:
        html.show_message("warning", f"Stopped evaluating {evaluation.corpora}. Nothing of it is kept.")
    else:
        html.show_message("success", f"Evaluated {evaluation.corpora}: {evaluation.n_queries:,} queries.")
    if st.button("Dismiss", key="evaluate_dismiss", icon=":material/close:", help="Take this message away."):
        jobs.dismiss("evaluate", job.name)
        st.rerun(scope="app")
