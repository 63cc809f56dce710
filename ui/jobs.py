"""Run long work in the server: it continues when its tab is closed, and every tab sees its progress."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import streamlit as st

from exemplar.data.error_log import describe_fault
from exemplar.data.errors import ExemplarError
from exemplar.ui.remedies import with_remedy

Kind = Literal["build", "evaluate", "export"]
ReportProgress = Callable[[Any], None]

_MOST_WAIT = 5.0  # seconds

_starting = threading.Lock()
_begun: list["Job"] = []  # of all sessions; Streamlit's cache can't be read once the server has ended


class Stopped(Exception):
    """A person has stopped the work."""


@dataclass
class Job:
    """One piece of work in a separate thread.

    Attributes
    ----------
    progress
        The last progress that the work reported; None before the first report.
    result
        The value that the work returned; None before the work is done.
    error
        Why the work failed, as a sentence; None if it runs, is done, or was stopped.
    """

    kind: Kind
    name: str
    progress: Any = None
    result: Any = None
    error: str | None = None
    stopped: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the work is running."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether a person has stopped the work, and it is still running."""
        return self._stop.is_set() and self.running

    def stop(self) -> None:
        """Stop the work when it reports progress the next time."""
        self._stop.set()

    def wait(self, seconds: float) -> None:
        """Wait for the end of the work, at most so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def start(self, work: Callable[[ReportProgress], Any]) -> None:
        """Run the work in a thread; its argument takes its progress, and raises Stopped after ``stop``."""
        self._thread = threading.Thread(target=self._run, args=(work,), name=f"{self.kind} {self.name}", daemon=True)
        self._thread.start()

    def _report(self, progress: Any) -> None:
        if self._stop.is_set():
            raise Stopped
        self.progress = progress

    def _run(self, work: Callable[[ReportProgress], Any]) -> None:
        try:
            self.result = work(self._report)
        except Stopped:
            self.stopped = True
        except (ExemplarError, OSError) as error:
            self.error = with_remedy(error)
        except Exception as error:
            if _server_is_ending():
                return
            logging.getLogger(__name__).exception("%s %s failed", self.kind, self.name)
            self.error = describe_fault(error)


def _server_is_ending() -> bool:
    """Return whether the server is ending: work then loses what it needs, which is not a failure of the work."""
    threading.main_thread().join(timeout=0.5)
    return not threading.main_thread().is_alive()


@st.cache_resource(show_spinner=False)
def _jobs() -> dict[tuple[Kind, str], Job]:
    return {}


def job(kind: Kind, name: str) -> Job | None:
    """Return the job of this kind and name, running or ended; None if it never began or was dismissed."""
    return _jobs().get((kind, name))


def jobs(kind: Kind) -> list[Job]:
    """Return the jobs of this kind that were not dismissed, running or ended, in the order in which they began."""
    return [job for job in list(_jobs().values()) if job.kind == kind]


def start(kind: Kind, name: str, work: Callable[[ReportProgress], Any], progress: Any = None) -> Job:
    """Begin work in the background.

    Parameters
    ----------
    progress
        What ``Job.progress`` holds until the work reports for the first time.

    Raises
    ------
    ExemplarError
        A job of this kind and name is running.
    """
    with _starting:
        last = job(kind, name)
        if last is not None and last.running:
            raise ExemplarError(f"work on '{name}' is running already; wait for its end, or stop it")
        dismiss(kind, name)
        new = Job(kind, name, progress)
        new.start(work)
        _begun[:] = [*(job for job in _begun if job.running), new]
        _jobs()[kind, name] = new
    return new


def dismiss(kind: Kind, name: str) -> None:
    """Remove a job that has ended from the list."""
    _jobs().pop((kind, name), None)


def end_all() -> None:
    """Stop all work and wait for its end, for some seconds: a process that ends while torch works is aborted by it."""
    running = [job for job in _begun if job.running]
    for each in running:
        each.stop()
    deadline = time.monotonic() + _MOST_WAIT
    for each in running:
        each.wait(max(0.0, deadline - time.monotonic()))
