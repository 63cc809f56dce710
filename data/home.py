"""Where Exemplar keeps its files, and how it writes and reads them."""

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


def check_regular(path: Path) -> None:
    """Raise OSError if a path is no file, such as a folder or a pipe, at which a reader would wait for ever."""
    path.stat()  # says what else is wrong
    if not path.is_file():
        raise OSError(f"{path} is no file")


def content_of(path: Path, most: int) -> bytes:
    """Return the bytes of a file; OSError if it can't be read, or has more than so many."""
    check_regular(path)
    with path.open("rb") as file:
        content = file.read(min(most, path.stat().st_size) + 1)
    if len(content) > most:
        raise OSError(f"{path} is larger than {most:,} bytes")
    return content
