"""The command line as a module: ``python -m exemplar.cli``."""

from exemplar.cli.commands import main

main()
