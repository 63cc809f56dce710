"""The documentation of installed packages: one document per public object."""

import importlib
import inspect
import pkgutil
import re
import warnings
from collections.abc import Container, Iterable, Iterator
from types import ModuleType

from exemplar.data.errors import ExemplarError

DEMO_PACKAGES = ("pandas", "numpy", "sklearn")

# Modules that users are not meant to import, though their names have no underscore.
_INTERNAL = frozenset({"compat", "conftest", "core", "distutils", "externals", "testing", "tests"})

# A search can do nothing with shorter docstrings, such as "The year."
_MIN_CHARACTERS = 200

# The section of numpydoc that names related objects.
_SECTION = re.compile(r"\nSee [Aa]lso\n-{3,}\n(?P<body>.*?)(?=\n[^\n]+\n-{3,}\n|\Z)", re.DOTALL)
_ROLE = re.compile(r":[\w:]+:(?=`)|[`~]")  # :func:`~numpy.sum`


def package_documents(packages: Iterable[str]) -> list[tuple[str, str]]:
    """Return (qualified name, docstring) of every documented public object of installed packages.

    Objects are classes, functions, ufuncs and the public members of classes. An object with several names appears once,
    under its first and shortest name; so does a member that a subclass repeats with the same summary line.

    Parameters
    ----------
    packages
        Import names, such as ``sklearn``.

    Raises
    ------
    ExemplarError
        A package is not installed.
    """
    names: dict[str, str] = {}
    for package in packages:
        for name, thing in _public_objects(package):
            docstring = inspect.getdoc(thing) or ""
            if len(docstring) >= _MIN_CHARACTERS:
                names.setdefault(docstring, name)
    documents: dict[tuple[str, str], tuple[str, str]] = {}
    for docstring, name in names.items():
        documents.setdefault((name.rpartition(".")[2], _summary(docstring)), (name, docstring))
    return list(documents.values())


def _public_objects(package: str) -> list[tuple[str, object]]:
    """Return the public objects of a package, then the public members of its classes."""
    objects: dict[int, tuple[str, object]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # access to deprecated names warns
        for module in _public_modules(package):
            for name in sorted(getattr(module, "__all__", vars(module))):
                thing = _attribute(module, name)
                if not name.startswith("_") and _belongs(thing, package):
                    objects.setdefault(id(thing), (f"{module.__name__}.{name}", thing))
        members = [
            (f"{name}.{attribute}", member)
            for name, thing in objects.values()
            if inspect.isclass(thing)
            for attribute, member in _public_members(thing, package)
        ]
    return [*objects.values(), *members]


def _public_modules(package: str) -> Iterator[ModuleType]:
    """Yield a package and its public submodules that have ``__all__``, the least nested first."""
    try:
        root = importlib.import_module(package)
    except (ImportError, ValueError, TypeError) as error:
        raise ExemplarError(f"there is no installed package '{package}'") from error
    except Exception as error:
        raise ExemplarError(f"the package '{package}' can't be imported: {error}") from error
    queue = [root]
    for module in queue:
        if module is root or hasattr(module, "__all__"):
            yield module
        for info in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{module.__name__}."):
            name = info.name.rpartition(".")[2]
            if name.startswith("_") or name in _INTERNAL:
                continue
            queue.extend(_imported(info.name))


def _imported(name: str) -> list[ModuleType]:
    try:
        return [importlib.import_module(name)]
    except KeyboardInterrupt:
        raise
    except BaseException:  # made for another platform, lacks an extra, or is a script that exits
        return []


def _attribute(module: ModuleType, name: str) -> object:
    try:
        return getattr(module, name, None)
    except Exception:  # a lazy import that lacks an extra
        return None


def _belongs(thing: object, package: str) -> bool:
    module = getattr(thing, "__module__", None) or package
    return callable(thing) and module.partition(".")[0] == package


def _public_members(cls: type, package: str) -> Iterator[tuple[str, object]]:
    members: dict[str, object] = {}
    for owner in cls.__mro__:
        if owner.__module__.partition(".")[0] == package:
            members = {**vars(owner), **members}  # a member that a subclass overrides belongs to the subclass
    for name, member in members.items():
        member = getattr(member, "__func__", member)  # class and static methods
        if not name.startswith("_") and (callable(member) or inspect.isdatadescriptor(member)):
            yield name, member


def _summary(docstring: str) -> str:
    """Return the first paragraph of prose; docstrings of compiled functions begin with a signature."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in docstring.split("\n\n")]
    prose = (text for text in paragraphs if text and not re.match(r"[\w.]+\(.*\)( -> .*)?$", text))
    return next(prose, paragraphs[0])


def without_see_also(docstring: str) -> str:
    """Return a docstring without its See Also section."""
    return _SECTION.sub("", docstring)


def see_also(docstring: str) -> list[str]:
    """Return the names in the See Also section as written, from lines such as ``name, name : description``."""
    section = _SECTION.search(docstring)
    lines = section["body"].splitlines() if section else []
    entries = [_ROLE.sub("", line) for line in lines if line and not line[0].isspace()]
    names = (name.strip() for entry in entries for name in re.split(r"\s*:(?:\s|$)", entry)[0].split(","))
    return [name for name in names if re.fullmatch(r"[\w.]+", name)]


def named_documents(doc_id: str, docstring: str, known: Container[str]) -> list[str | None]:
    """Return for each name in an object's See Also section the nearest known object with this name, or None."""
    parts = doc_id.split(".")
    parents = [".".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)]
    return [
        next((full for full in (name, *(f"{parent}.{name}" for parent in parents)) if full in known), None)
        for name in see_also(docstring)
    ]
