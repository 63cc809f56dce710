"""The terminal face: one command a file.

``main`` runs the command line; ``commands.py`` registers the commands and words errors, ``terminal.py`` prints plain text.
"""

from exemplar.cli.commands import main

__all__ = ["main"]
