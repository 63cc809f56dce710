"""Where Exemplar keeps its files, and how it writes them."""

import os
from pathlib import Path

import platformdirs


def home_folder() -> Path:
    """Return ``$EXEMPLAR_HOME`` where it is set, else the platform's folder for user data."""
    configured = os.environ.get("EXEMPLAR_HOME")
    if configured:
        return Path(os.path.expanduser(configured)).absolute()
    return platformdirs.user_data_path("exemplar", appauthor=False)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a power cut, meets the old content or the new, never a part."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    _flush_names(path.parent)


def _flush_names(folder: Path) -> None:
    """Wait until a folder's entries are on the disk, where a system can."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
