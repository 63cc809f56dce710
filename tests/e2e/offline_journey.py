"""What a person does from file to figures, in a network namespace with no way out: prints as JSON what tried to leave.

Started by test_closed.py. The kernel counts here what found no route: whichever program or library tried.
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.steps import expect_drawer, expect_marks, mark, order, search, settle
from tests.support.patience import PATIENCE
from tests.support.streamlit_client.browser import launch_arguments, serving

expect.set_options(timeout=1000 * PATIENCE)
_BROWSER = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",)  # of its own accord it looks up what it likes


def main(path: str, home: str) -> None:
    """Build a corpus from a file, search, mark and evaluate; print how many packets had nowhere to go, by stage."""
    raise_loopback()
    before = no_route()
    with socket.socket() as outside:  # that it counts at all
        assert outside.connect_ex(("192.0.2.1", 80)) != 0
    begin = no_route()
    environment = {**os.environ, "EXEMPLAR_HOME": home}
    subprocess.run([sys.executable, "-m", "exemplar.cli", "build", path], env=environment, check=True, stdout=2)
    built = no_route()
    with serving(environment, Path(home).with_name("log")) as (url, _), sync_playwright() as playwright:
        started = no_route()
        arguments = launch_arguments()
        browser = playwright.chromium.launch(**{**arguments, "args": [*arguments["args"], *_BROWSER]})
        use(browser.new_page(), url)
        used = no_route()
    counted = {"control": begin[0] - before[0], "build": minus(built, begin), "start": minus(started, built)}
    # The browser asks of its own accord whether there is IPv6.
    print(json.dumps({**counted, "use": used[0] - started[0]}))  # noqa: T201


def use(page: Page, url: str) -> None:
    """Search, mark and evaluate."""
    page.set_default_timeout(1000 * PATIENCE)
    page.goto(url)
    search(page, "a small cat")
    relevant = order(page)[1]
    mark(page, relevant, "Relevant")
    expect_marks(page, positive=1)
    expect_drawer(page, relevant)
    settle(page)
    page.get_by_role("link", name="Evaluate").click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("Evaluated kinds: 30 queries.")).to_be_visible()


def raise_loopback() -> None:
    """Switch the namespace's loopback interface on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP


def no_route() -> tuple[int, int]:
    """Return how many packets of IPv4 and IPv6 had nowhere to go since the namespace began."""
    names, values = (line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Ip:"))
    of_v6 = dict(line.split() for line in Path("/proc/net/snmp6").read_text().splitlines())
    return int(values[names.index("OutNoRoutes")]), int(of_v6["Ip6OutNoRoutes"])


def minus(later: tuple[int, int], earlier: tuple[int, int]) -> list[int]:
    return [a - b for a, b in zip(later, earlier, strict=True)]


if __name__ == "__main__":
    main(*sys.argv[1:])
