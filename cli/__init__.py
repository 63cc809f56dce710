"""The terminal face: one command a file.

``commands.py`` registers the commands and words errors; ``terminal.py`` prints plain text.
"""

from exemplar.cli.commands import main

__all__ = ["main"]
