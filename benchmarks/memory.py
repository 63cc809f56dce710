"""Run a call in a separate process with a time limit, and measure its memory."""

import multiprocessing
import re
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_STATUS = Path("/proc/self/status")


def in_own_process(call: Callable[..., Any], *arguments: object, timeout: float) -> Any | None:
    """Call a function in a new process; None if it takes more than ``timeout`` seconds or runs out of memory."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(send, call, arguments))
    process.start()
    send.close()
    try:
        return receive.recv() if receive.poll(timeout) else None
    except EOFError:
        return None
    finally:
        process.kill()
        process.join()


def _answer(send: Connection, call: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    send.send(call(*arguments))


def peak_megabytes(call: Callable[[], object]) -> float | None:
    """Return the megabytes by which a call raises the peak of the process's resident memory; None except on Linux.

    Pages of files that were read before don't count, so read memory-mapped vectors first.
    """
    if not _STATUS.exists():
        return None
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = _status("VmRSS")
    call()
    return round((_status("VmHWM") - before) / 1024, 1)


def anonymous_megabytes() -> float | None:
    """Return the process's resident memory in megabytes without the pages of files; None except on Linux."""
    return round(_status("RssAnon") / 1024, 1) if _STATUS.exists() else None


def _status(field: str) -> int:
    [kilobytes] = re.findall(rf"^{field}:\s+(\d+) kB", _STATUS.read_text(), re.MULTILINE)
    return int(kilobytes)
