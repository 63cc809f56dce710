"""Corpora put into Milvus: again, after a kill, in place of others, and what can't be."""

import itertools
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
from exemplar.data.errors import CorpusNotFound, IndexUnreachable
from exemplar.data.milvus import words as milvus_words
from exemplar.data.milvus.push import push_corpus
from exemplar.data.milvus.server import Server
from exemplar.data.milvus.words import WordsFacts
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
    newer = build_corpus(source_of(["cat", "dog", "hen"], name="pets"), FakeEncoder())
    with pytest.raises(ValueError, match=r"holds the corpus 'pets', built .*allow it to be replaced$"):
        push_corpus(newer, path)
    assert open_served(path, "pets")[0].n_documents == 2
    push_corpus(newer, path, replace=True)
    assert open_served(path, "pets")[0].n_documents == 3


def test_terms_go_with_the_build_that_they_are_of(folder: Path) -> None:
    path = str(folder / "terms.db")
    push_corpus(build_corpus(source_of(["a cat", "a dog"], name="pets"), FakeEncoder()), path)
    newer = build_corpus(source_of(["hen", "cat", "hen"], name="pets"), FakeEncoder())
    assert push_corpus(newer, path, replace=True).has_words
    *_, words = open_served(path, "pets")
    known = words.of_text("hen dog cat")
    assert (words.n_documents, words.document_counts(known.terms).tolist()) == (3, [1, 2])  # cat, hen
    assert terms_in(path, "pets") == {"cat": 1, "hen": 2}


def test_terms_that_a_push_wrote_in_part_are_written_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(folder / "part.db")
    pets = build_corpus(source_of(["cat", "dog", "hen"], name="pets"), FakeEncoder())
    monkeypatch.setattr(milvus_words, "_BATCH", 2)
    batches = milvus_words._batches
    with monkeypatch.context() as stopping:
        stopping.setattr(milvus_words, "_batches", lambda *of: itertools.islice(batches(*of), 1))
        stopping.setattr(Server(path, create=True).client, "alter_collection_properties", stop)
        with pytest.raises(KeyboardInterrupt):
            push_corpus(pets, path)
    assert terms_in(path, "pets") == {"cat": 1, "dog": 1}
    pushed = push_corpus(pets, path)
    assert (pushed.n_written, pushed.has_words) == (0, True)
    assert terms_in(path, "pets") == {"cat": 1, "dog": 1, "hen": 1}


def test_a_corpus_that_was_pushed_with_other_words_stays_until_it_is_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(folder / "analysis.db")
    pets = build_corpus(source_of(["a cat", "a dog"], name="pets"), FakeEncoder())
    earlier = replace(WordsFacts.of(pets), analysis="an earlier one")
    with monkeypatch.context() as before:
        before.setattr(WordsFacts, "of", lambda corpus: earlier)
        push_corpus(pets, path)
    assert open_served(path, "pets")[2] is None
    pushed = push_corpus(pets, path)
    assert (pushed.n_written, pushed.has_words) == (0, False)
    assert open_served(path, "pets")[2] is None
    pushed = push_corpus(pets, path, replace=True)
    assert (pushed.n_written, pushed.has_words) == (2, True)
    assert open_served(path, "pets")[2]


def test_a_collection_in_the_place_of_the_terms_stays(folder: Path) -> None:
    path = str(folder / "place.db")
    Server(path, create=True).client.create_collection("_terms_of_pets", dimension=4)
    pets = build_corpus(source_of(["cat", "dog"], name="pets"), FakeEncoder())
    with pytest.raises(ValueError, match="collection _terms_of_pets at .* holds something else; allow it to be"):
        push_corpus(pets, path)
    assert push_corpus(pets, path, replace=True).has_words
    assert terms_in(path, "pets") == {"cat": 1, "dog": 1}


def test_a_corpus_whose_terms_are_gone_is_told(folder: Path) -> None:
    path = str(folder / "gone.db")
    push_corpus(build_corpus(source_of(["a cat", "a dog"], name="pets"), FakeEncoder()), path)
    Server(path).client.drop_collection("_terms_of_pets")
    with pytest.raises(IndexUnreachable, match="_terms_of_pets"):
        open_served(path, "pets")


def stop(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def terms_in(path: str, collection: str) -> dict[str, int]:
    """Return how many documents have a term, by the term, as Milvus holds it."""
    found = Server(path).client.query(
        f"_terms_of_{collection}", filter="number >= 0", output_fields=["term", "n_documents"]
    )
    return {entity["term"]: entity["n_documents"] for entity in found}


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
