"""A whole journey where there is no network: nothing is missed, and nothing even tries to leave."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.corpora import ANIMALS, LABELS
from tests.support.offline import no_network

pytestmark = [pytest.mark.e2e, pytest.mark.model]

JOURNEY = Path(__file__).with_name("offline_journey.py")


def without_a_way_out() -> list[str]:
    """Return the words before a command that run it on a network of its own, which leads nowhere."""
    program = shutil.which("unshare")
    if program is None:
        pytest.skip("there are no Linux namespaces here")
    words = [program, "-rn"]
    tried = subprocess.run([*words, sys.executable, "-c", ""], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"a network without a way out can't be had here: {tried.stderr.strip()}")
    return words


def test_from_file_to_figures_nothing_tries_to_leave_this_machine(tmp_path: Path) -> None:
    apart = without_a_way_out()
    path = tmp_path / "kinds.csv"
    with path.open("w", newline="") as file:
        rows = [(f"{text}, {n}", label) for n in range(3) for text, label in zip(ANIMALS, LABELS, strict=True)]
        csv.writer(file).writerows([("text", "label"), *rows])
    # As a user has it: nothing says that there is no network, and nothing was fetched before.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= {"HOME": str(tmp_path), "HF_HOME": str(tmp_path / "hf")}
    command = [*apart, sys.executable, "-I", str(JOURNEY), str(path), str(tmp_path / "home")]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert no_network.taken() == ""  # tells who
    assert json.loads(result.stdout) == {"control": 1, "build": [0, 0], "start": [0, 0], "use": 0}
