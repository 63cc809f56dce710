"""Kill a server many times while a visitor marks, and report whether every confirmed mark was kept.

``python -m benchmarks.kills --kills 50`` runs tests/ui/test_server_faults.py with more kills than ``make test`` does.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

_TESTS = (
    "tests/ui/test_server_faults.py::test_marks_outlive_kills_of_the_server",
    "tests/ui/test_server_faults.py::test_marks_that_nobody_waited_for_are_saved_once_by_the_tabs_that_made_them",
)


def main() -> None:
    """Run the test, print JSON, and exit with the test's status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, choices=range(15, 10_001), metavar="15..10000")
    n_kills = parser.parse_args().kills
    start = time.perf_counter()
    test = subprocess.run(  # noqa: S603 - our own test
        [sys.executable, "-m", "pytest", "--quiet", *_TESTS],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "EXEMPLAR_KILLS": str(n_kills)},
        stdout=sys.stderr,
    )
    seconds = round(time.perf_counter() - start, 1)
    sys.stdout.write(json.dumps({"kills": n_kills, "marks_kept": test.returncode == 0, "seconds": seconds}) + "\n")
    sys.exit(test.returncode)


if __name__ == "__main__":
    main()
