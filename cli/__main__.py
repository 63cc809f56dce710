"""Run the command line by ``python -m exemplar.cli``."""

from exemplar.cli.commands import main

main()
