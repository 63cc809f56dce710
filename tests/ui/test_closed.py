"""Whom the app lets in, and that nothing leaves this machine while the tests run."""

import base64
import http.client
import os
import re
import socket
import subprocess
import sys
import urllib.request  # noqa: F401 - what is tried below
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from exemplar import cli
from exemplar.ui.server.listening import ListenAddress
from exemplar.ui.server.serve import exposure_of
from tests.support.offline import no_network
from tests.support.paths import ROOT
from tests.support.streamlit_client.browser import serving

pytestmark = pytest.mark.slow

HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
}
OPEN_TO_ALL = """
[global]
developmentMode = true
[server]
address = "0.0.0.0"
allowedHosts = ["*"]
corsAllowedOrigins = ["http://elsewhere.example"]
enableCORS = false
enableXsrfProtection = false
enableAgentApi = true
[browser]
gatherUsageStats = true
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose own settings, for other Streamlit apps, would open this one to all."""
    folder = tmp_path_factory.mktemp("working")
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit" / "config.toml").write_text(OPEN_TO_ALL)
    return folder


@pytest.fixture(scope="module")
def here(folder: Path) -> Iterator[str]:
    """The app on localhost, started in that folder, with variables to the same end."""
    variables = {"STREAMLIT_SERVER_ENABLE_CORS": "false", "STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION": "false"}
    environment = {**os.environ, **variables, "HOME": str(folder), "EXEMPLAR_HOME": str(folder / "home")}
    log = folder / "here"
    with serving(environment, log, folder=folder) as (url, _):
        yield url
    assert "Everyone" not in log.read_text()


@pytest.fixture(scope="module")
def everywhere(folder: Path) -> Iterator[tuple[str, str]]:
    """The app on all addresses, with what it said on starting."""
    environment = {**os.environ, "STREAMLIT_SERVER_ADDRESS": "0.0.0.0", "EXEMPLAR_HOME": str(folder / "home")}  # noqa: S104
    log = folder / "everywhere"
    with serving(environment, log, "--allow-host", "Search.example") as (url, _):
        yield url, log.read_text()


def ask(url: str, path: str = "/", method: str = "GET", to: str | None = None, **headers: str) -> tuple[int, str]:
    """Return status and text of an answer, 101 where a websocket is opened."""
    parts = urlsplit(url)
    with_host = {"Host": parts.netloc, **{name.replace("_", "-"): value for name, value in headers.items()}}
    connection = http.client.HTTPConnection(to or parts.hostname, parts.port, timeout=30)
    try:
        connection.request(method, path, headers=with_host)
        answer = connection.getresponse()
        return answer.status, "" if answer.status == 101 else answer.read().decode()
    finally:
        connection.close()


def websocket(url: str, **headers: str) -> int:
    return ask(url, "/_stcore/stream", **HANDSHAKE, **headers)[0]


def test_a_page_of_the_app_is_answered(here: str) -> None:
    port = urlsplit(here).port
    for host in (
        f"localhost:{port}",
        f"127.0.0.1:{port}",
        f"[::1]:{port}",
        f"LOCALHOST:{port}",
        "localhost:9",
    ):  # by a tunnel
        assert websocket(here, Host=host, Origin=f"http://{host.lower()}") == 101
    assert websocket(here) == 101  # what is no browser says nothing of its origin
    assert ask(here)[0] == 200


def test_a_page_of_another_site_is_refused(here: str) -> None:
    elsewhere = ("http://elsewhere.example", "null", "http://localhost:3000", "http://127.0.0.1", "https://localhost")
    for origin in (*elsewhere, f"http://elsewhere.example:{urlsplit(here).port}", "http://localhost.elsewhere.example"):
        assert websocket(here, Origin=origin) == 403, origin
        status, text = ask(here, Origin=origin)
        assert (status, text.partition(":")[0]) == (403, "Exemplar refused this request")


def test_a_name_that_was_pointed_here_is_refused(here: str) -> None:
    port = urlsplit(here).port
    for host in ("elsewhere.example", f"elsewhere.example:{port}", "localhost.elsewhere.example", "192.0.2.1", "[", ""):
        assert websocket(here, Host=host, Origin=f"http://{host}") == 403, host
        assert ask(here, Host=host)[0] == 403, host


def test_only_this_machine_is_listened_to_by_both_its_names(here: str) -> None:
    port = urlsplit(here).port
    assert ask(here, to="127.0.0.1")[0] == 200
    if has_ipv6():
        assert ask(here, to="::1")[0] == 200
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port))


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_what_another_site_sends_is_not_taken(here: str) -> None:
    path = "/_stcore/upload_file/session/file"
    assert ask(here, path, "PUT") == (403, "XSRF token missing or invalid")
    status, text = ask(here, path, "PUT", Origin="http://elsewhere.example")
    assert (status, text.partition(":")[0]) == (403, "Exemplar refused this request")


def test_no_other_site_may_frame_steer_or_script_the_page(here: str) -> None:
    connection = http.client.HTTPConnection("localhost", urlsplit(here).port)
    connection.request("GET", "/")
    answer = connection.getresponse()
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'self'", "frame-ancestors 'self'", "connect-src 'self' data: blob:"} <= {*policy}
    assert "Access-Control-Allow-Origin" not in answer.headers
    connection.close()
    assert '"allowedOrigins":[]' in ask(here, "/_stcore/host-config")[1]
    assert '"not_available"' in ask(here, "/_stcore/agent/interact", "POST")[1]


def test_listening_for_others_says_first_what_that_exposes(everywhere: tuple[str, str]) -> None:
    url, said = everywhere
    port = urlsplit(url).port
    assert said.splitlines()[0] == (
        f"Everyone who can reach port {port} of this machine can, without a login and unencrypted:"
    )
    assert "read all corpora and all sessions, mark, and delete them" in said
    assert "docs/serving.md" in said
    assert said.index("Everyone") < said.index(f"Exemplar is open at {url}/ ")


def test_others_reach_it_by_address_and_by_the_names_that_were_allowed(everywhere: tuple[str, str]) -> None:
    url, _ = everywhere
    port = urlsplit(url).port
    for host in (f"127.0.0.2:{port}", f"192.0.2.1:{port}", "search.example", f"localhost:{port}"):
        assert websocket(url, to="127.0.0.2", Host=host, Origin=f"http://{host}") == 101, host
    assert websocket(url, Host="search.example", Origin="https://search.example") == 101  # a proxy that encrypts
    for host in ("elsewhere.example", "sub.search.example", f"elsewhere.example:{port}"):
        assert websocket(url, Host=host, Origin=f"http://{host}") == 403, host
    assert websocket(url, Origin="http://192.0.2.1:3000") == 403


def test_a_place_where_it_cannot_listen_is_told_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ValueError, match=f"^port {port} is in use, .* exemplar app --port {port + 1}$"):
            ListenAddress("localhost", port).listen()
    with pytest.raises(ValueError, match=r"^this machine has no address 192\.0\.2\.1; use one of its addresses"):
        ListenAddress("192.0.2.1", port).listen()
    for address in ("my-machine", "localhost:8501", "", "1.2.3", "http://localhost"):
        with pytest.raises(ValueError, match=f"^exemplar app can't listen on '{address}': use localhost, or"):
            ListenAddress(address, port)


@pytest.mark.skipif(not has_ipv6(), reason="there is no IPv6 here")
def test_the_other_localhost_is_not_left_to_another_program() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ValueError, match=f"^port {port} is in use"):
            ListenAddress("localhost", port).listen()
    for opened in ListenAddress("localhost", port).listen():
        opened.close()
    assert ListenAddress("::1", port).url == f"http://[::1]:{port}"


def test_a_mistake_is_one_line_and_exit_code_one(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for options in (["--port", str(taken.getsockname()[1])], ["--address", "my-machine"]):
            with pytest.raises(SystemExit) as stop:
                cli.main(["app", *options])
            assert stop.value.code == 1
            output = capsys.readouterr()
            assert (output.out, output.err.count("\n")) == ("", 1)
            assert output.err.startswith("exemplar: ")


def test_names_on_localhost_are_a_proxys_and_expose_it_too() -> None:
    assert exposure_of(ListenAddress("localhost", 8501)) == exposure_of(ListenAddress("::1", 8501)) == ""
    said = exposure_of(ListenAddress("localhost", 8501, ("search.example",)))
    assert said.startswith("Everyone whom a proxy lets through to search.example can, without a login here:\n")


def test_a_test_that_leaves_this_machine_is_stopped_and_told_of() -> None:
    attempts = (
        "socket.create_connection(('192.0.2.1', 80), timeout=5)",
        "socket.getaddrinfo('elsewhere.example', 80)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))",
        "urllib.request.urlopen('http://elsewhere.example')",
    )
    for attempt in attempts:
        code = f"import socket, urllib.request\ntry: {attempt}\nexcept OSError as error: print(error)"
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert "a test may not leave this machine" in told, attempt
        with pytest.raises(OSError, match="a test may not leave this machine"):
            eval(attempt)  # noqa: S307 - our own lines
        stopped = no_network.taken()
        assert stopped.count("example" if "example" in attempt else "192.0.2.1") >= 2
    with socket.create_server(("127.0.0.1", 0)) as own:
        socket.create_connection(own.getsockname()).close()
    socket.getaddrinfo("localhost", 80)
    assert no_network.taken() == ""


def test_every_pin_has_hashes_and_no_index_is_named() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    hashed = dict(re.findall(r"^([\w.-]+)==(\S+)[^\n]* \\\n    --hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE))
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    assert {name: hashed.get(re.sub(r"[-_.]+", "-", name).lower()) for name in pinned} == pinned
    assert len(hashed) == len(re.findall("==", re.sub(";.*", "", lock)))
    assert not re.search("index-url|find-links|://", lock)
