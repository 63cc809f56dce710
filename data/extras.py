"""Packages that come with an extra, and the command that installs one here."""

import contextlib
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

from exemplar.data.errors import ExemplarError


def package(module: str, extra: str, what: str) -> Any:
    """Return a module of a package that an extra installs.

    Parameters
    ----------
    what
        What needs it, in the plural, for the message.

    Raises
    ------
    ExemplarError
        It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ExemplarError(f"{what} need the extra '{extra}': {install_command(extra)}") from error


def install_command(extra: str) -> str:
    """Return the command that adds an extra to the environment of this process, however it was installed."""
    quote = '"' if os.name == "nt" else "'"
    wanted = f"{quote}exemplar[{extra}]{quote}"
    if Path(sys.prefix, "pipx_metadata.json").is_file():
        return f"pipx runpip exemplar install {wanted}"
    if importlib.util.find_spec("pip") is None:  # as in environments that uv makes
        return f"uv pip install --python {_shown(sys.executable)} {wanted}"
    if os.environ.get("VIRTUAL_ENV") == sys.prefix or sys.prefix == sys.base_prefix:
        return f"pip install {wanted}"
    return f"{_shown(sys.executable)} -m pip install {wanted}"


def _shown(path: str) -> str:
    """Return a path from the current folder, if it lies in that."""
    with contextlib.suppress(ValueError, OSError):
        path = str(Path(path).relative_to(Path.cwd()))
    return f'"{path}"' if " " in path else path
