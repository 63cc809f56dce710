"""Corpora put into Milvus: again, after a kill, in place of others, and what can't be."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.errors import CorpusNotFound
from exemplar.data.milvus.push import push_corpus
from exemplar.data.milvus.server import Server
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.index.served import open_served
from tests.support.corpora import source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.paths import ROOT

pytestmark = pytest.mark.cluster
pytest.importorskip("pymilvus", reason="pip install 'exemplar[milvus]'")
pytest.importorskip("milvus_lite", reason="pip install 'exemplar[milvus]'")


def test_pushing_again_writes_nothing_and_another_index_is_built_in_place(folder: Path, corpus: Corpus) -> None:
    path = str(folder / "again.db")
    assert push_corpus(corpus, path).n_written == corpus.manifest.n_passages
    assert push_corpus(corpus, path).n_written == 0
    assert push_corpus(corpus, path, index_type="IVF_FLAT").n_written == 0
    assert open_served(path, "many.words-1")[1].exact is False


def test_a_push_that_is_killed_goes_on(folder: Path, corpus: Corpus) -> None:
    path = str(folder / "killed.db")
    driver = (
        "import sys\nfrom exemplar.data.milvus import push\npush._BATCH, push._IN_FLIGHT = 20, 40\n"
        "from exemplar.data.corpus.corpus import open_corpus\n"
        "report = lambda n, total: (print(n, flush=True), sys.stdin.readline())\n"
        f"push.push_corpus(open_corpus('many.words-1'), {path!r}, on_progress=report)"
    )
    environment = {**os.environ, "EXEMPLAR_HOME": str(folder / "home")}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", driver], cwd=ROOT, env=environment, **pipes) as pushing:
        while int(pushing.stdout.readline()) < 200:
            pushing.stdin.write("\n")
            pushing.stdin.flush()
        pushing.send_signal(signal.SIGKILL)
    assert pushing.returncode == -signal.SIGKILL
    with pytest.raises(CorpusNotFound, match="is not wholly in Milvus .* go on with: exemplar push many.words-1 --to"):
        open_served(path, "many.words-1")

    pushed = push_corpus(corpus, path)

    total = corpus.manifest.n_passages
    assert pushed.n_passages == total
    assert total - 200 <= pushed.n_written <= total
    found, index, _ = open_served(path, "many.words-1")
    assert np.array_equal(index.vectors(range(total)), corpus.vectors)
    assert found.documents["text"].to_pylist() == corpus.documents["text"].to_pylist()


def test_another_build_takes_the_place_of_one_only_where_it_may(folder: Path) -> None:
    path = str(folder / "builds.db")
    push_corpus(build_corpus(source_of(["a cat", "a dog"], name="pets"), FakeEncoder()), path)
    newer = build_corpus(source_of(["a cat", "a dog", "a hen"], name="pets"), FakeEncoder())
    with pytest.raises(ValueError, match=r"holds the corpus 'pets', built .*allow it to be replaced$"):
        push_corpus(newer, path)
    assert open_served(path, "pets")[0].n_documents == 2
    push_corpus(newer, path, replace=True)
    assert open_served(path, "pets")[0].n_documents == 3


def test_a_collection_that_is_not_ours_stays(folder: Path) -> None:
    path = str(folder / "theirs.db")
    theirs = Server(path, create=True).client
    theirs.create_collection("pets", dimension=4)
    pets = build_corpus(source_of(["a cat", "a dog"], name="pets"), FakeEncoder())
    with pytest.raises(ValueError, match="collection pets at .* holds something else"):
        push_corpus(pets, path)
    assert Server(path).manifests() == {}
    with pytest.raises(CorpusNotFound, match=r"there is no corpus 'pets' in Milvus at .* \(there are: none yet\)"):
        open_served(path, "pets")


def test_what_milvus_cannot_hold_is_cut_and_counted_or_refused(folder: Path) -> None:
    long = "word " * 20_000
    rows = [
        Document("long", "é" + long, ("l",)),
        Document("wide", "text", (), {"small": "1", "huge": "x" * 70_000}),
        Document("usual", "text and more", ()),
    ]
    source = Source("cut", SourceSpec("x"), lambda: iter(rows))
    built = build_corpus(source, FakeEncoder(), whole=True)
    path = str(folder / "cut.db")
    assert push_corpus(built, path).n_cut == 2
    found, _, _ = open_served(path, "cut")
    cut, wide, usual = found.documents_at(found.rows_of(["long", "wide", "usual"]).values())
    assert 65_000 < len(cut.text.encode()) <= 65_535
    assert ("é" + long).startswith(cut.text)
    assert (wide.metadata, usual.text) == ({"small": "1"}, "text and more")

    named = Source("named", SourceSpec("x"), lambda: iter([Document("i" * 70_000, "text")]))
    with pytest.raises(ValueError, match="the id of the document in row 0 is longer than the 65,535 bytes"):
        push_corpus(build_corpus(named, FakeEncoder()), str(folder / "named.db"))


def test_an_unfinished_corpus_is_not_pushed(folder: Path) -> None:
    pets = build_corpus(source_of(["a cat", "a dog"], name="half"), FakeEncoder())
    with pytest.raises(ValueError, match="the corpus 'half' is unfinished; build it on first"):
        push_corpus(replace(pets, manifest=replace(pets.manifest, created="")), str(folder / "half.db"))
    with pytest.raises(ValueError, match="the type of index is one of FLAT, .*; got 'TREE'"):
        push_corpus(pets, str(folder / "half.db"), index_type="TREE")
