"""Files to read documents from: on disk, in a zip or tar, or in object storage, packed or not."""

import functools
import io
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO, Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.file import File, packing_of
from exemplar.data.files.options import DEFAULTS, ReadOptions
from exemplar.data.sources.compression import Archive, RawFile, open_packed
from exemplar.data.sources.tar_archive import tar_listing
from exemplar.data.text import one_line, replace_lone_surrogates

_STORED_BUFFER = 2**20


def file_on_disk(path: Path, name: str | None = None, options: ReadOptions = DEFAULTS) -> File:
    """Return a file on disk; ``name`` is its path within the source, if the source is a folder."""
    packed = bool(packing_of(path.name))
    opener = functools.partial(_open_packed if packed else _open_plain, path)
    shown_name = name or replace_lone_surrogates(path.name)
    return File(shown_name, opener, None if packed else path, in_folder=name is not None, options=options)


def files_in_zip(path: Path, prefix: str = "", options: ReadOptions = DEFAULTS) -> list[File]:
    """Return the files in a zip, with ``prefix`` before their names; nothing is extracted to disk."""
    archive = Archive(path)
    last = {member.filename: member for member in archive.members() if not member.is_dir()}
    return [
        File(prefix + name, functools.partial(archive.open, member), in_folder=True, options=options)
        for name, member in sorted(last.items())
        if not is_hidden(name)
    ]


def files_in_tar(path: Path, prefix: str = "", options: ReadOptions = DEFAULTS) -> tuple[list[File], list[Problem]]:
    """Return the files in a tar, with ``prefix`` before their names, and a problem for every link and the like."""
    found = tar_listing(path)
    files = [
        File(prefix + name, functools.partial(found.archive.open, info), in_folder=True, options=options)
        for name, info in found.members.items()
        if not is_hidden(name)
    ]
    problems = [replace(problem, where=prefix + problem.where) for problem in found.problems]
    damage = [Problem(prefix.rstrip("/") or path.name, found.damage)] if found.damage else []
    return files, problems + damage


def folder_as_file(path: Path, name: str | None = None, options: ReadOptions = DEFAULTS) -> File:
    """Return a folder that is one table, such as a Lance data set, as a file that only its own reader can open."""

    def refuse() -> IO[bytes]:
        raise ExemplarError("it is a folder")

    return File(name or replace_lone_surrogates(path.name), refuse, path, in_folder=name is not None, options=options)


def is_url(source: str) -> bool:
    """Return whether the name of a source is a URL, such as ``s3://bucket/reviews.parquet``."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.:-]*://", source) is not None


def local_path(source: str) -> str:
    """Return the path in a ``file://`` URL; any other source unchanged."""
    if not re.match(r"(file|local)://", source):
        return source
    from fsspec.implementations.local import LocalFileSystem

    return str(LocalFileSystem._strip_protocol(source))


def name_at(url: str) -> str:
    """Return the last part of a URL."""
    return PurePosixPath(url.partition("?")[0].partition("://")[2]).name


def files_at(url: str, options: ReadOptions = DEFAULTS) -> list[File]:
    """Return the file at a URL, or the files in the folder at it, sorted by path.

    Raises
    ------
    ExemplarError
        The URL does not exist, the storage can't be reached, or fsspec lacks a package for it.
    """
    storage, path = _storage(url)
    try:
        if storage.info(path)["type"] == "file":
            opener = functools.partial(_open_stored, storage, path)
            return [File(name_at(url), opener, seekable=not packing_of(path), options=options)]
        members = sorted(storage.find(path))
    except FileNotFoundError:
        members = []
    except Exception as error:  # every storage raises errors of its own
        raise ExemplarError(f"cannot read {url}: {one_line(error)}") from error
    names = {member.removeprefix(path).strip("/"): member for member in members}
    files = [
        File(
            name,
            functools.partial(_open_stored, storage, member),
            in_folder=True,
            seekable=not packing_of(member),
            options=options,
        )
        for name, member in names.items()
        if not is_hidden(name)
    ]
    if not files:
        raise ExemplarError(f"there is no file or folder {url}")
    return files


def is_hidden(name: str) -> bool:
    """Return whether a part of a path begins with a dot, or is the folder that macOS adds to zips."""
    parts = name.split("/")
    return any(part == "__MACOSX" or (part.startswith(".") and part not in (".", "..")) for part in parts)


def _open_plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def _open_packed(path: Path) -> IO[bytes]:
    return open_packed(path.open("rb"), path.name, path.stat().st_size)


def _storage(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and the path in it."""
    import fsspec

    protocol = url.partition("://")[0]
    try:
        return fsspec.url_to_fs(url)  # type: ignore[no-any-return]
    except ImportError as error:
        package = getattr(error.__cause__, "name", None)
        install = f"pip install {package}" if package else one_line(error)
        raise ExemplarError(f"reading {protocol}:// needs another package: {install}") from error
    except Exception as error:
        if "not known" in str(error):
            raise ExemplarError(
                f"Exemplar can't read from {protocol}://; for a local file give its path alone"
            ) from error
        raise ExemplarError(f"cannot reach {url}: {one_line(error)}") from error


def _open_stored(storage: Any, path: str) -> IO[bytes]:
    """Open a file in storage; any error of the storage becomes an OSError."""

    def read(n_bytes: int) -> bytes:
        try:
            content: bytes = stored.read(n_bytes)
        except Exception as error:
            raise OSError(one_line(error)) from error
        return content

    try:
        stored = storage.open(path, "rb")
        opened = io.BufferedReader(RawFile(stored, read), _STORED_BUFFER)
        size = storage.info(path).get("size") if packing_of(path) else None
    except Exception as error:
        raise OSError(one_line(error)) from error
    return open_packed(opened, PurePosixPath(path).name, int(size or 0)) if packing_of(path) else opened
