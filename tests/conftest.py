import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from exemplar.data.corpus.manifest import corpus_folder
from exemplar.data.errors import JournalDamaged
from exemplar.data.sources.spec import Source, SourceSpec

sys.path.insert(0, str(Path(__file__).with_name("support") / "offline"))
import no_network

# ruff: noqa: E402 - what is imported below is watched already
no_network.watch()
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["DATASETS_VERBOSITY"] = "error"

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.shards import JOURNAL, ShardStore
from exemplar.data.documents import Document
from tests.support.fake_encoder import FakeEncoder
from tests.support.paths import DATASETS

ANIMALS = [
    "the cat sleeps on the mat",
    "a cat and a kitten play",
    "the kitten drinks milk",
    "a dog barks at the cat",
    "the dog and the puppy run",
    "stocks fell sharply today",
    "the market and its stocks recovered",
    "bonds and stocks are traded",
    "rain is expected tomorrow",
    "sun and rain make a rainbow",
]


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


@pytest.fixture(scope="session")
def shared_datasets() -> Path:
    """The folder of real data beside the project; a user's clone has none."""
    if not DATASETS.is_dir():
        reason = f"the real data sets are not there: {DATASETS}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return DATASETS


@pytest.fixture(autouse=True)
def data_set_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what load_dataset caches out of the user's own cache."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path_factory.getbasetemp() / "datasets"))


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


def source_of(texts: list[str], labels: list[str | None] | None = None, name: str = "animals") -> Source:
    labels = labels or [None] * len(texts)
    documents = [Document(str(row), text, label) for row, (text, label) in enumerate(zip(texts, labels, strict=True))]
    return Source(name, SourceSpec(name), lambda: iter(documents))


@pytest.fixture
def animals(encoder: FakeEncoder) -> Corpus:
    """Ten short documents: 0 to 4 about cats and dogs, 5 to 7 about stocks, 8 and 9 about the weather."""
    labels = ["animal"] * 5 + ["market"] * 3 + ["weather"] * 2
    return build_corpus(source_of(ANIMALS, labels), encoder)


def committed(name: str) -> tuple[int, bytes]:
    """Return how many documents are committed, and the journal."""
    for folder in corpus_folder(name).glob("build-*"):
        try:
            return ShardStore(folder).documents_done, (folder / JOURNAL).read_bytes()
        except JournalDamaged:
            continue
    return 0, b""
