"""The package as pip installs it: what a wheel holds, and that its name alone is taken."""

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.streamlit_client.browser import serving
from tests.support.streamlit_client.visitor import Visitor, address

pytestmark = pytest.mark.slow

ROOMS = ("api", "cli", "data", "retrieval", "ui")
LIBRARIES = sysconfig.get_path("purelib")
# A process that sees the standard library and its folders; of the libraries' folder no .pth file, so no checkout.
START = f"""
import site, sys
other, target, libraries = sys.argv[1:]
sys.path[:0] = [other, target]
site.addsitedir(target)
sys.path.append(libraries)
assert {str(ROOT)!r} not in sys.path
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--wheel-dir", folder, ROOT)
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    pip("install", "--no-compile", "--target", folder, wheel)
    return folder


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A folder of packages by the names of our rooms."""
    for room in ROOMS:
        package = tmp_path / "other" / room
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
    return tmp_path / "other"


def pip(command: str, *arguments: str | Path) -> None:
    offline = ("--no-index", "--no-deps", "--disable-pip-version-check", "--quiet")
    builds = () if command == "install" and str(arguments[-1]).endswith(".whl") else ("--no-build-isolation",)
    run([sys.executable, "-m", "pip", command, *offline, *builds, *arguments])


def run(command: list[str | Path], folder: Path | None = None) -> str:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def files_of_rooms() -> set[str]:
    """Return the files of the rooms, and what lies beside them in the package."""
    paths = (path for room in ROOMS for path in (ROOT / room).rglob("*.*") if "__pycache__" not in path.parts)
    rooms = (path.relative_to(ROOT).as_posix() for path in paths)
    return {f"exemplar/{file}" for file in (*rooms, "__init__.py", "app.py", ".streamlit/config.toml")}


def files_of(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as opened:
        return set(opened.namelist())


def imported(target: Path, other: Path, folder: Path) -> list[str]:
    """Return where two modules of other packages and four things of ours lie, in a process of its own."""
    code = """
import data, ui
import exemplar.data.corpus.corpus, exemplar.ui.server.serve
import exemplar.cli
from exemplar.ui.server import serve
serve.serve = lambda page, *_, **__: print(page)
print(data.__file__, ui.__file__, exemplar.data.corpus.corpus.__file__, serve.__file__, sep="\\n")
exemplar.cli.main(["app"])
"""
    return run([sys.executable, "-I", "-S", "-c", START + code, other, target, LIBRARIES], folder).splitlines()


def test_a_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    files = files_of(wheel)
    about = {file for file in files if file.startswith("exemplar-") and ".dist-info/" in file}
    assert files - about == files_of_rooms()
    assert {
        "exemplar/data/corpus/corpus.py",
        "exemplar/retrieval/search.py",
        "exemplar/ui/style.css",
        "exemplar/ui/icon.svg",
        "exemplar/ui/search/lists/lists.js",
        "exemplar/ui/search/lists/screen.js",
        "exemplar/cli/__init__.py",
        "exemplar/app.py",
        "exemplar/.streamlit/config.toml",
    } <= files


def test_a_source_distribution_gives_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    run([sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", tmp_path], ROOT)
    [archive] = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    pip("wheel", "--wheel-dir", tmp_path, tmp_path / archive.name.removesuffix(".tar.gz"))
    assert files_of(tmp_path / wheel.name) == files_of(wheel)


def test_a_wheel_takes_no_name_but_its_own(installed: Path, other: Path, tmp_path: Path) -> None:
    assert imported(installed, other, tmp_path) == [
        str(other / "data" / "__init__.py"),
        str(other / "ui" / "__init__.py"),
        str(installed / "exemplar" / "data" / "corpus" / "corpus.py"),
        str(installed / "exemplar" / "ui" / "server" / "serve.py"),
        str(installed / "exemplar" / "app.py"),
    ]


def test_an_editable_install_takes_no_name_but_its_own(other: Path, tmp_path: Path) -> None:
    target = tmp_path / "editable"
    pip("install", "--no-compile", "--target", target, "--editable", ROOT)
    assert [path.read_text().split() for path in target.glob("*.pth")] == [[str(ROOT / "src")]]
    assert imported(target, other, tmp_path) == [
        str(other / "data" / "__init__.py"),
        str(other / "ui" / "__init__.py"),
        str(ROOT / "src" / "exemplar" / "data" / "corpus" / "corpus.py"),
        str(ROOT / "src" / "exemplar" / "ui" / "server" / "serve.py"),
        str(ROOT / "app.py"),
    ]


def test_the_app_opens_from_a_wheel_with_the_settings_beside_it(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    with serving(environment, tmp_path / "log", folder=tmp_path) as (url, _), Visitor(url) as visitor:
        visitor.open(address())
        assert visitor.problems() == []
        assert any("There is no corpus to search yet" in text.body for text in visitor.tree.root.find("markdown"))
        with urllib.request.urlopen(f"{url}/_stcore/host-config") as answer:  # noqa: S310 - our own loopback address
            assert json.load(answer)["allowedOrigins"] == []  # Streamlit by itself allows some
