"""Long work: it goes on in the server though the tab that began it is closed, and every tab sees how it stands."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import streamlit as st

from exemplar.data.error_log import describe_fault
from exemplar.data.errors import ExemplarError
from exemplar.ui.remedies import worded

Kind = Literal["build", "evaluate"]
Tell = Callable[[Any], None]

_starting = threading.Lock()


class Stopped(Exception):
    """The person who watches has asked the work to stop."""


@dataclass
class Job:
    """One piece of work in a thread of its own.

    Attributes
    ----------
    told
        The last thing that the work has told; None before the first.
    result
        What the work returned, once it has.
    error
        Why it failed, a sentence; None while it runs, when it is done, and when it was stopped.
    """

    kind: Kind
    name: str
    told: Any = None
    result: Any = None
    error: str | None = None
    stopped: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether it has been asked to stop, and has not yet."""
        return self._stop.is_set() and self.running

    def stop(self) -> None:
        """Ask it to stop the next time that it tells something."""
        self._stop.set()

    def start(self, work: Callable[[Tell], Any]) -> None:
        """Do the work in a thread; it is given what it tells its progress to, which raises Stopped when it must end."""
        self._thread = threading.Thread(target=self._run, args=(work,), name=f"{self.kind} {self.name}", daemon=True)
        self._thread.start()

    def _tell(self, told: Any) -> None:
        if self._stop.is_set():
            raise Stopped
        self.told = told

    def _run(self, work: Callable[[Tell], Any]) -> None:
        try:
            self.result = work(self._tell)
        except Stopped:
            self.stopped = True
        except (ExemplarError, OSError) as error:
            self.error = worded(error)
        except Exception as error:
            if _server_is_ending():
                return
            logging.getLogger(__name__).exception("%s %s failed", self.kind, self.name)
            self.error = describe_fault(error)


def _server_is_ending() -> bool:
    """Whether the server was stopped meanwhile: what work needs is then taken from it, which is no failure."""
    threading.main_thread().join(timeout=0.5)
    return not threading.main_thread().is_alive()


@st.cache_resource(show_spinner=False)
def _jobs() -> dict[tuple[Kind, str], Job]:
    return {}


def job(kind: Kind, name: str) -> Job | None:
    """Return the last work of this kind on something, running or ended; None if there was none or it was dismissed."""
    return _jobs().get((kind, name))


def jobs(kind: Kind) -> list[Job]:
    """Return all work of this kind that runs or has ended and was not dismissed, in the order in which it began."""
    return [each for each in list(_jobs().values()) if each.kind == kind]


def start(kind: Kind, name: str, work: Callable[[Tell], Any], told: Any = None) -> Job:
    """Begin work on something; raises ExemplarError if work of this kind on it is running.

    ``told`` is what it has told so far, for those who look at once.
    """
    with _starting:
        last = job(kind, name)
        if last is not None and last.running:
            raise ExemplarError(f"'{name}' is being worked on already; wait for it, or stop it")
        dismiss(kind, name)
        new = Job(kind, name, told)
        new.start(work)
        _jobs()[kind, name] = new
    return new


def dismiss(kind: Kind, name: str) -> None:
    """Forget work that has ended."""
    _jobs().pop((kind, name), None)
