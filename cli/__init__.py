"""The command line: each command has a file.

``commands.py`` registers the commands and prints errors; ``terminal.py`` prints plain text.
"""

from exemplar.cli.commands import main

__all__ = ["main"]
