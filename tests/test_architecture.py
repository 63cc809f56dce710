"""What docs/architecture.md says of the rooms, beyond the import contracts in pyproject.toml."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

ROOMS = ("api", "cli", "data", "retrieval", "ui")
FOLDERS = sorted({path.parent for room in ROOMS for path in (ROOT / room).rglob("*.py")})
MOST_FILES = 16

# Circles that are still to be cut; a module leaves the list with its last circle.
CIRCLES: set[str] = set()

# Parts that their packages call private, or do not document, and the files that touch them.
PRIVATE = {
    r"streamlit\.(proto|runtime)|data-testid": {
        "ui/search/lists/lists.js",
        "ui/search/page.css",
        "ui/streamlit_internals.py",
        "ui/style.css",
    },
    r"cache_indirect_object|resolved_objects|decoded_self": {"data/texts/pdf.py"},
    r"ray\._private": {"data/building/ray_cluster.py"},
    r"_strip_protocol": {"data/sources/files.py"},
}


def module_files() -> dict[str, Path]:
    """Return the modules of the package, by name."""
    files = {"exemplar": ROOT / "src" / "exemplar" / "__init__.py", "exemplar.app": ROOT / "app.py"}
    for path in (path for folder in FOLDERS for path in folder.glob("*.py")):
        name = ".".join(("exemplar", *path.relative_to(ROOT).with_suffix("").parts))
        files[name.removesuffix(".__init__")] = path
    return files


def imports_of(path: Path, modules: set[str]) -> Iterator[str]:
    """Yield the modules that a file names, those within functions and for type checkers alone included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: an import names the package"
            for alias in node.names:
                member = f"{node.module}.{alias.name}"
                yield member if member in modules else str(node.module)


def in_circles(imports: dict[str, set[str]]) -> set[str]:
    """Return the modules that import themselves by way of others."""
    return {name for name in imports if name in reached(imports, name)}


def reached(imports: dict[str, set[str]], name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = imports[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def test_files_import_each_other_in_no_circle() -> None:
    files = module_files()
    imports = {name: set(imports_of(path, set(files))) & files.keys() - {name} for name, path in files.items()}
    assert in_circles(imports) == CIRCLES


def test_a_circle_is_recognised() -> None:
    imports = {"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": {"b", "e"}, "e": set[str]()}
    assert in_circles(imports) == {"b", "c", "d"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.relative_to(ROOT).as_posix())
def test_a_room_is_described_and_small(folder: Path) -> None:
    assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    files = sorted(path.name for path in folder.iterdir() if path.is_file())
    assert len(files) <= MOST_FILES, files


@pytest.mark.parametrize("pattern", PRIVATE)
def test_private_parts_of_other_packages_are_touched_where_the_list_says(pattern: str) -> None:
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*") if path.suffix in (".py", ".js", ".css")]
    touching = {
        path.relative_to(ROOT).as_posix() for path in files if re.search(pattern, path.read_text(encoding="utf-8"))
    }
    assert touching == PRIVATE[pattern]
