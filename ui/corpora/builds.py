"""Draw the builds that are running or have ended, with their progress and buttons."""

import contextlib
from dataclasses import replace

import streamlit as st

from exemplar.data.building.joining import source_name
from exemplar.data.corpus.manifest import Manifest, is_known, read_manifest
from exemplar.data.errors import CorpusDamaged, CorpusNotFound
from exemplar.ui import html, jobs
from exemplar.ui.corpora import build_job
from exemplar.ui.corpora.build_job import Build
from exemplar.ui.navigation import search_corpus

_REFRESH_EVERY = 1.0  # seconds


def show_builds() -> None:
    """Draw the builds, live while one is running; when one ends, draw the whole page anew."""
    running = {job.name for job in jobs.jobs("build") if job.running}

    def draw() -> None:
        builds = jobs.jobs("build")
        if running - {job.name for job in builds if job.running}:
            st.rerun(scope="app")
        for job in builds:
            with st.container(border=True, key=f"build-{job.name}", gap="xsmall"):
                _show_running(job) if job.running else _show_ended(job)

    st.fragment(draw, run_every=_REFRESH_EVERY if running else None)()


def _show_running(job: jobs.Job) -> None:
    build: Build = job.progress
    st.html(html.element("div", "head", html.element("b", "name-of", html.text(f"Building {job.name}"))))
    st.progress(build.share, "Stopping" if job.stopping else build.line)
    _show_advice(build)
    searchable = _searchable(job.name)
    if searchable:
        n = f"{searchable.n_documents:,} documents"
        unchanged = f"Until then the corpus is what it was, {n}."
        by = {"none": "by words", "quick": "by words and quick vectors", "full": ""}[searchable.vectors]
        st.caption(unchanged if searchable.created else f"It can be searched already {by}: {n}.")
    with st.container(horizontal=True):
        st.button(
            "Stop",
            key=f"stop {job.name}",
            icon=":material/stop:",
            help="Stop building. What is embedded is kept, and building can go on from there.",
            disabled=job.stopping,
            on_click=job.stop,
        )
        if searchable:
            _search_button(job.name)


def _show_ended(job: jobs.Job) -> None:
    build: Build = job.progress
    _show_outcome(job)
    _show_advice(build)
    for line in build.problems.lines():
        st.html(html.quiet_line(line))
    with st.container(horizontal=True):
        if job.result:
            _search_button(job.name, primary=True)
        else:
            _retry_button(job, build)
            _leave_out_button(job, build)
        _dismiss_button(job)


def _show_advice(build: Build) -> None:
    if build.note:
        st.html(html.quiet_line(build.note))
    if build.advice:
        html.show_message("warning", build.advice)
    if build.no_quick:
        st.html(html.quiet_line(f"No quick vectors: {build.no_quick}."))


def _show_outcome(job: jobs.Job) -> None:
    if job.error:
        html.show_message("error", f"{job.name} could not be built: {job.error}")
    elif job.stopped and is_known(job.name):
        html.show_message(
            "warning", f"Stopped building {job.name}. What is embedded is kept; Build on goes on from there."
        )
    elif job.stopped:
        html.show_message("warning", f"Stopped building {job.name}, before anything was embedded.")
    else:
        added = "".join(f"{event.in_words}. " for event in job.progress.added)
        gone = "".join(f"Left out {source_name(source)}. " for source in job.progress.plan.left_out)
        html.show_message("success", f"{added}{gone}Built {job.name}: {job.result.n_documents:,} documents.")


def _retry_button(job: jobs.Job, build: Build) -> None:
    if st.button(
        "Try again" if job.error else "Build on",
        key=f"again {job.name}",
        icon=":material/play_arrow:",
        help="Build it as before; what is embedded already is not embedded again.",
    ):
        build_job.begin(build.plan)
        st.rerun(scope="app")


def _leave_out_button(job: jobs.Job, build: Build) -> None:
    if build.unreadable and st.button(
        "Leave this file out",
        key=f"leave-out {job.name}",
        icon=":material/playlist_remove:",
        help="Build it of its other files. What came from this one alone goes; marks on it stay in their sessions.",
    ):
        build_job.begin(replace(build.plan, left_out=(*build.plan.left_out, build.unreadable)), build.note)
        st.rerun(scope="app")


def _dismiss_button(job: jobs.Job) -> None:
    if st.button(
        "Dismiss",
        key=f"dismiss {job.name}",
        icon=":material/close:",
        help="Take this message away. The corpus stays.",
    ):
        jobs.dismiss("build", job.name)
        st.rerun(scope="app")


def _search_button(name: str, *, primary: bool = False) -> None:
    label = name.replace("_", r"\_")  # a label is Markdown; the other signs of a name mean nothing there
    if st.button(
        f"Search {label}",
        key=f"search {name}",
        type="primary" if primary else "secondary",
        icon=":material/search:",
        help="Go to the search page with this corpus.",
    ):
        search_corpus(name)


def _searchable(name: str) -> Manifest | None:
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        return read_manifest(name)
    return None
