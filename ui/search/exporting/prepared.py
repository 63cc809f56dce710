"""Prepare a large export in the background, with its progress, and offer the file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import streamlit as st

from exemplar.retrieval.exports import waiting
from exemplar.retrieval.exports.export import Export
from exemplar.retrieval.exports.waiting import Download
from exemplar.retrieval.exports.writing import about_path, write_export
from exemplar.ui import html, jobs

_REFRESH_EVERY = 0.5  # seconds
_UNITS = ("B", "kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Preparing:
    """A file that is prepared: its name, and how many rows of how many are written."""

    name: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """The files of an export: itself, and what it is, where a file of its own says that."""

    files: tuple[Download, ...]
    n_rows: int
    made_of: object


def prepare(
    session_id: str, name: str, make: Callable[[], Export], format: str, delimiter: str, made_of: object
) -> None:
    """Begin to write an export; that of the session before it, if one waits, is removed.

    Parameters
    ----------
    made_of
        What the file depends on, to be compared with that of ``show_prepared``.
    """
    dismiss(session_id)

    def work(report: jobs.ReportProgress) -> Prepared:
        report(Preparing(name))
        export = make()
        path = waiting.new_folder() / name
        on_progress = lambda done, total: report(Preparing(name, done, total))  # noqa: E731
        write_export(export, path, format, delimiter=delimiter, on_progress=on_progress)
        written = [each for each in (path, about_path(path)) if each.exists()]
        return Prepared(tuple(map(waiting.offer, written)), export.n_rows, made_of)

    jobs.start("export", session_id, work, Preparing(name))


def dismiss(session_id: str) -> None:
    """Remove the export of a session that has ended."""
    job = jobs.job("export", session_id)
    if job is None or job.running:
        return
    if job.result is not None:
        for download in job.result.files:
            waiting.withdraw(download)
    jobs.dismiss("export", session_id)


def show_prepared(session_id: str, made_of: object) -> Literal["none", "running", "ended", "outdated"]:
    """Draw what is being prepared for a session, live, or was; return which of them.

    A file that was made of something else than what is now chosen and marked is outdated, and says so.
    """
    job = jobs.job("export", session_id)
    if job is None:
        return "none"
    was_running = job.running
    outdated = not was_running and job.result is not None and job.result.made_of != made_of

    def draw() -> None:
        if was_running and not job.running:
            st.rerun(scope="app")
        _show_running(job) if job.running else _show_ended(job, outdated=outdated)

    st.fragment(draw, run_every=_REFRESH_EVERY if was_running else None)()
    return "running" if was_running else "outdated" if outdated else "ended"


def _show_running(job: jobs.Job) -> None:
    preparing: Preparing = job.progress
    rows = f"{preparing.done:,} of {preparing.total:,} rows" if preparing.total else "ranking and looking at all rows"
    st.progress(preparing.done / (preparing.total or 1), f"Preparing {preparing.name}: {rows}")
    st.button("Stop", key="stop export", icon=":material/stop:", disabled=job.stopping, on_click=job.stop)


def _show_ended(job: jobs.Job, *, outdated: bool) -> None:
    if job.result is None:
        reason = job.error or "it was stopped"
        html.show_message("warning" if job.stopped else "error", f"{job.progress.name} was not written: {reason}")
    else:
        if outdated:
            st.html(html.quiet_line("This file was made before the choice, the marks or the corpus changed:"))
        st.html("".join(_link(download) for download in job.result.files))
    st.button("Dismiss", key="dismiss export", icon=":material/close:", on_click=dismiss, args=(job.name,))


def _link(download: Download) -> str:
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    address = "/".join(filter(None, ("", base, download.address)) if base else ("", download.address))
    label = f"Download {download.path.name} ({_size(download.path)})"
    return f'<a class="ex-download" href="{html.text(address)}" download>{html.text(label)}</a>'


def _size(path: Path) -> str:
    size = float(path.stat().st_size)
    unit = 0
    while size >= 1000 and unit + 1 < len(_UNITS):
        size, unit = size / 1000, unit + 1
    return f"{size:.0f} {_UNITS[unit]}" if unit < 2 else f"{size:.1f} {_UNITS[unit]}"
