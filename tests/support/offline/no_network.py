"""Stops every connection that would leave this machine, and writes it down for the test that is running to fail by.

What Python does is seen, by any library and in any thread, here and in every Python process that a test starts (see
sitecustomize.py). The system's own resolver and libraries that are no Python are seen by tests/e2e/test_closed.py.
"""

import atexit
import errno
import functools
import ipaddress
import os
import socket
import sys
import tempfile
import traceback
from pathlib import Path

LOG = "EXEMPLAR_TEST_CONNECTIONS"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_FOLDER = str(Path(__file__).parent)
_TO_ADDRESS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_TO_NAME = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


def watch() -> None:
    """Stop what leaves this process and those that it will start, and keep a log of it."""
    descriptor, os.environ[LOG] = tempfile.mkstemp(prefix="connections-")
    os.close(descriptor)
    atexit.register(Path(os.environ[LOG]).unlink, missing_ok=True)
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join([_FOLDER, *(path for path in paths if path not in ("", _FOLDER))])
    install()


@functools.cache
def install() -> None:
    """Stop what leaves this process from here on, for good."""
    sys.addaudithook(_look)


def taken() -> str:
    """Return what was stopped since it was last asked for."""
    path = Path(os.environ[LOG])
    stopped = path.read_text()
    if stopped:
        path.write_text("")
    return stopped


def _look(event: str, arguments: tuple) -> None:
    if event in _TO_ADDRESS:
        where = arguments[1]
        if not isinstance(where, tuple) or _is_here(where[0]):
            return
    elif event in _TO_NAME:
        where = arguments[0]
        if where is None or _is_number(where) or _is_here(where):
            return
    else:
        return
    with open(os.environ[LOG], "a") as log:
        stack = "".join(traceback.format_stack(sys._getframe(1), limit=12))
        log.write(f"{event} {where!r} by {sys.orig_argv}\n{stack}\n")
    raise OSError(errno.ENETUNREACH, f"a test may not leave this machine: {event} {where!r}")


def _is_here(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name in ("", "localhost")
    return address.is_loopback or address.is_unspecified or _is_own(address)


@functools.cache
def _is_own(address: Address) -> bool:
    """Whether an address is one of this machine's: nobody can listen on another."""
    with socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET) as own:
        try:
            own.bind((str(address), 0))
        except OSError:
            return False
        return True


def _is_number(host: object) -> bool:
    """Whether a host is an address already, for which nobody is asked."""
    try:
        ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host))
    except ValueError:
        return False
    return True
