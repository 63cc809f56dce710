import inspect
from pathlib import Path

import numpy
import pandas
import pytest
import sklearn.svm

from exemplar.data.sources.package_docs import DEMO_PACKAGES, package_documents

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def documents() -> dict[str, str]:
    pairs = package_documents(DEMO_PACKAGES)
    assert len(dict(pairs)) == len(pairs), "a name stands for two documents"
    return dict(pairs)


def test_the_demo_holds_about_three_thousand_documents(documents: dict[str, str]) -> None:
    assert 2500 < len(documents) < 4000


def test_a_document_is_the_objects_own_docstring(documents: dict[str, str]) -> None:
    assert documents["pandas.read_csv"] == inspect.getdoc(pandas.read_csv)
    assert documents["pandas.DataFrame.groupby"] == inspect.getdoc(pandas.DataFrame.groupby)
    assert documents["numpy.linalg.svd"] == inspect.getdoc(numpy.linalg.svd)
    assert documents["sklearn.svm.LinearSVC"] == inspect.getdoc(sklearn.svm.LinearSVC)


def test_an_object_is_taken_once_under_its_public_name(documents: dict[str, str]) -> None:
    assert "pandas.core.frame.DataFrame" not in documents
    assert "sklearn.svm.LinearSVC.get_params" not in documents  # repeats what another class says
    assert not [name for name in documents if any(part.startswith("_") for part in name.split("."))]
    assert len(set(documents.values())) == len(documents)


def test_the_order_is_the_same_every_time(documents: dict[str, str]) -> None:
    assert list(dict(package_documents(DEMO_PACKAGES))) == list(documents)


@pytest.mark.parametrize("name", ["no_such_package_here", "", "..", "numpy;os"])
def test_a_package_that_is_not_installed_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="there is no installed package"):
        package_documents([name])


def test_a_package_with_modules_that_do_not_import_is_read_as_far_as_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "brittle"
    package.mkdir()
    doc = '"""Return something useful. ' + "It takes a while to say how. " * 10 + '"""'
    (package / "__init__.py").write_text(
        "__all__ = ['useful', 'lazy']\n"
        f"def useful():\n    {doc}\n"
        "def __getattr__(name):\n    raise ModuleNotFoundError('an extra is missing')\n"
    )
    (package / "exits.py").write_text("raise SystemExit(3)\n")
    (package / "breaks.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert [name for name, _ in package_documents(["brittle"])] == ["brittle.useful"]


def test_a_package_that_does_not_import_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_package.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="'broken_package' can't be imported: division by zero"):
        package_documents(["broken_package"])
