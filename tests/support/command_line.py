"""The command line in the tests' own process."""

import pytest

from exemplar import cli


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Return exit code, output and error output, as the shell would see them."""
    with pytest.raises(SystemExit) as stop:
        cli.main(list(arguments))
    output = capsys.readouterr()
    return int(stop.value.code or 0), output.out, output.err
