"""Exports that wait in a temporary folder to be downloaded, without the server holding them in memory.

Each has an address that no one can guess. The folder is removed when the server ends.
"""

import secrets
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

FOLDER = "downloads"  # of the addresses

_lock = threading.Lock()
_folder: tempfile.TemporaryDirectory[str] | None = None
_files: dict[str, Path] = {}


@dataclass(frozen=True, slots=True)
class Download:
    """A file that waits under a key."""

    key: str
    path: Path

    @property
    def address(self) -> str:
        """Its address from the root of the app, without a slash in front."""
        return f"{FOLDER}/{self.key}/{quote(self.path.name, safe='')}"


def new_folder() -> Path:
    """Return a new folder to write a file to."""
    global _folder
    with _lock:
        _folder = _folder or tempfile.TemporaryDirectory(prefix="exemplar-downloads-")
        return Path(tempfile.mkdtemp(dir=_folder.name))


def offer(path: Path) -> Download:
    """Give a file in a folder from ``new_folder`` an address."""
    download = Download(secrets.token_urlsafe(24), path)
    _files[download.key] = path
    return download


def file_of(key: str, name: str) -> Path | None:
    """Return the file under a key; None if there is none, or it has another name."""
    path = _files.get(key)
    return path if path is not None and path.name == name and path.is_file() else None


def withdraw(download: Download) -> None:
    """Remove a file and its address."""
    _files.pop(download.key, None)
    download.path.unlink(missing_ok=True)
