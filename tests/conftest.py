import functools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.words import language
from tests.support.corpora import ANIMALS, LABELS, source_of
from tests.support.fake_encoder import FakeEncoder, not_distilled
from tests.support.offline import no_network
from tests.support.paths import DATASETS

pytest_plugins = ["tests.support.environment", "tests.support.quick"]


@pytest.fixture(autouse=True)
def offline() -> Iterator[None]:
    """Fail a test while which something tried to leave this machine."""
    yield
    stopped = no_network.taken()
    assert not stopped, stopped


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder for every test."""
    folder = tmp_path / "home"
    monkeypatch.setenv("EXEMPLAR_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the main module back after a test whose page took its name: a spawned process runs that module's file."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session", autouse=True)
def recogniser() -> Iterator[None]:
    """Load the recogniser of languages once, not in every build."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(language, "load_recogniser", functools.cache(language.load_recogniser))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_distillation() -> Iterator[None]:
    """Distil no model in a test that does not ask for it: that takes many seconds in each home folder."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("exemplar.data.building.run.quick_encoder", not_distilled)
        yield


@pytest.fixture(scope="session", autouse=True)
def data_set_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what load_dataset caches out of the user's own cache; it is read when the library is imported."""
    os.environ["HF_DATASETS_CACHE"] = str(tmp_path_factory.getbasetemp() / "datasets")


@pytest.fixture(scope="session")
def shared_datasets() -> Path:
    """The folder of real data beside the project; a user's clone has none."""
    if not DATASETS.is_dir():
        reason = f"the real data sets are not there: {DATASETS}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return DATASETS


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def animals(encoder: FakeEncoder) -> Corpus:
    """Ten short documents: 0 to 4 about cats and dogs, 5 to 7 about stocks, 8 and 9 about the weather."""
    return build_corpus(source_of(ANIMALS, LABELS), encoder)
