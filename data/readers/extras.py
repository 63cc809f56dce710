"""Packages that a format needs and that come with an extra."""

import importlib
from typing import Any

from exemplar.data.errors import ExemplarError


def package(module: str, extra: str, what: str) -> Any:
    """Return a module of a package that an extra installs.

    Parameters
    ----------
    what
        What needs it, for the message.

    Raises
    ------
    ExemplarError
        It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise ExemplarError(f"{what} need the extra {extra}: pip install 'exemplar[{extra}]'") from None
