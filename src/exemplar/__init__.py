"""Exemplar: semantic search over any pile of text that learns from the rows you click.

The rooms of the package, ``data``, ``retrieval``, ``ui`` and ``cli``, lie at the top of the repository. Beside this
file are links to them; a wheel holds the folders themselves.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exemplar.retrieval.classifier import ExemplarClassifier

__all__ = ["ExemplarClassifier"]

_HOMES = {"ExemplarClassifier": "exemplar.retrieval.classifier"}


def __getattr__(name: str) -> Any:
    """Import what a notebook uses when it is first used: the command line and the page import this file too."""
    if name not in _HOMES:
        raise AttributeError(f"module 'exemplar' has no attribute '{name}'")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
