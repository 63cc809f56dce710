"""The folder for Exemplar's files, and safe ways to write and read a file."""

import os
import secrets
import shutil
from pathlib import Path

import platformdirs


def home_folder() -> Path:
    """Return ``$EXEMPLAR_HOME`` if it is set, else the platform's folder for user data."""
    configured = os.environ.get("EXEMPLAR_HOME")
    if configured:
        return Path(os.path.expanduser(configured)).absolute()
    return platformdirs.user_data_path("exemplar", appauthor=False)


def link_or_copy(origin: str | Path, target: str | Path) -> None:
    """Give a file that is never written again a second name, or a copy where the file system has no such names."""
    try:
        os.link(origin, target)
    except OSError:
        shutil.copyfile(origin, target)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a power cut, meets the old content or the new one, never a part."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")  # threads write the same, too
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush_names(path.parent)


def _flush_names(folder: Path) -> None:
    """Wait until the entries of a folder are on the disk, if the system supports it."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def check_regular(path: Path) -> None:
    """Raise OSError unless a path is a regular file; a reader would wait at a pipe for ever."""
    path.stat()  # its own error is clearer where nothing has this path
    if not path.is_file():
        raise OSError(f"{path} is not a file")


def content_of(path: Path, max_bytes: int) -> bytes:
    """Return the bytes of a file; raises OSError if it can't be read or has more than ``max_bytes``."""
    check_regular(path)
    with path.open("rb") as file:
        content = file.read(min(max_bytes, path.stat().st_size) + 1)
    if len(content) > max_bytes:
        raise OSError(f"{path} is larger than {max_bytes:,} bytes")
    return content
