from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.milvus.push import push_corpus
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.index.served import open_served
from exemplar.retrieval.search import SearchEngine
from tests.support.fake_encoder import FakeEncoder
from tests.support.milvus import documents


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("milvus")


@pytest.fixture(scope="module")
def corpus(folder: Path) -> Iterator[Corpus]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("EXEMPLAR_HOME", str(folder / "home"))
        source = Source("many words", SourceSpec("x", label_column="kind"), lambda: iter(documents()))
        built = build_corpus(source, FakeEncoder(max_tokens=8), name="many.words-1")
        yield replace(built, arrivals=np.arange(built.n_documents) // 100 * 86_400 + 86_400)  # some come each day


@pytest.fixture(scope="module")
def uri(folder: Path, corpus: Corpus) -> str:
    path = str(folder / "many.db")
    pushed = push_corpus(corpus, path)
    assert (pushed.n_passages, pushed.n_written, pushed.n_cut) == (corpus.manifest.n_passages,) * 2 + (0,)
    return path


@pytest.fixture(scope="module")
def local(corpus: Corpus) -> SearchEngine:
    return SearchEngine(corpus, lambda *_: FakeEncoder(max_tokens=8))


@pytest.fixture(scope="module")
def served(uri: str) -> SearchEngine:
    found, index, words = open_served(uri, "many.words-1")
    return SearchEngine(found, lambda *_: FakeEncoder(max_tokens=8), index, words)
