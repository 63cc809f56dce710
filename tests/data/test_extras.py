"""A missing package is named with the command that installs it, whatever made the environment."""

import importlib.util
import sys
from pathlib import Path

import pytest

from exemplar.data.errors import ExemplarError
from exemplar.data.extras import install_command, package


def environment(monkeypatch: pytest.MonkeyPatch, prefix: Path, *, has_pip: bool = True, is_active: bool = False) -> str:
    """Stand in for an environment at a path; return its command for the extra ``office``."""
    found = importlib.util.find_spec("json")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found if has_pip or name != "pip" else None)
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    monkeypatch.setattr(sys, "executable", str(prefix / "bin" / "python"))
    monkeypatch.setattr("exemplar.data.extras.os.name", "posix")
    monkeypatch.setenv("VIRTUAL_ENV", str(prefix) if is_active else "")
    return install_command("office")


def test_the_command_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wanted = "'exemplar[office]'"
    monkeypatch.chdir(tmp_path)
    assert environment(monkeypatch, tmp_path / ".venv", is_active=True) == f"pip install {wanted}"
    assert environment(monkeypatch, tmp_path / ".venv") == f".venv/bin/python -m pip install {wanted}"
    assert environment(monkeypatch, Path("/opt/a b")) == f'"/opt/a b/bin/python" -m pip install {wanted}'
    by_uv = environment(monkeypatch, Path("/opt/tools/exemplar"), has_pip=False)
    assert by_uv == f"uv pip install --python /opt/tools/exemplar/bin/python {wanted}"
    (tmp_path / "pipx_metadata.json").write_text("{}")
    assert environment(monkeypatch, tmp_path) == f"pipx runpip exemplar install {wanted}"


def test_what_is_installed_is_returned_and_what_is_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert package("json", "office", "spreadsheets") is __import__("json")
    monkeypatch.setitem(sys.modules, "no_such_package", None)
    with pytest.raises(ExemplarError, match=r"^spreadsheets need the extra 'office': .*'exemplar\[office\]'$"):
        package("no_such_package", "office", "spreadsheets")
