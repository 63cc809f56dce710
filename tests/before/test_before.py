"""A home folder of version 0.1.0: its corpora, finished and begun, and its sessions open and rank as they did."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.building.plan import BuildPlan, plan_of
from exemplar.data.corpus.catalog import corpus_status, verify_corpus
from exemplar.data.corpus.corpus import open_corpus
from exemplar.data.corpus.facets import UNLABELLED
from exemplar.data.corpus.filters import Filters
from exemplar.data.corpus.manifest import FORMAT, Manifest, corpus_folder, read_manifest, write_manifest
from exemplar.data.documents import Document
from exemplar.data.encoders.base import EncoderInfo
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.index.served import open_served
from exemplar.retrieval.rankers import Ranker
from exemplar.retrieval.search import DocumentQuery, SearchEngine
from exemplar.retrieval.sessions.events import Redone, Undone
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import SessionStore
from tests.support.corpora import ANIMALS, LABELS
from tests.support.fake_encoder import FakeEncoder

HERE = Path(__file__).parent
SPEC = SourceSpec("/notes/animals.csv", text_column="text", label_column="label", id_column="id")
FEEDBACK = Feedback(("n1", "n2"), ("n5", "n8"))


@pytest.fixture(autouse=True)
def old_home(home: Path) -> Path:
    shutil.copytree(HERE / "home", home)
    return home


def encoder() -> FakeEncoder:
    return FakeEncoder(dim=16, max_tokens=12)


def test_a_manifest_is_read_in_the_present_shape() -> None:
    assert read_manifest("animals") == Manifest(
        name="animals",
        build="build-e7b55f4efddb",
        created=read_manifest("animals").created,
        source=SPEC,
        encoder=EncoderInfo("fake", "1", "float32", "cpu", "none", "cosine", 16, 12),
        whole=False,
        n_documents=11,
        n_passages=13,
        documents_sha256="8c156bc95819f0c4db5617585c13b93c6276e7b34d66000939e353e356cfd94e",
    )
    assert plan_of("animals") == BuildPlan(SPEC, "animals", "fake", "float32", "1")
    assert corpus_status("animals").state == "complete"
    assert verify_corpus("animals") == []


def test_a_manifest_that_is_written_again_has_the_present_format() -> None:
    path = corpus_folder("animals") / "manifest.json"
    assert json.loads(path.read_text())["format"] == 2 < FORMAT
    manifest = read_manifest("animals")
    write_manifest(manifest)
    assert json.loads(path.read_text()) == manifest.to_json()
    assert read_manifest("animals") == manifest


@pytest.mark.parametrize("query", ["the cat", DocumentQuery("n10")], ids=str)
@pytest.mark.parametrize("ranker", ["knn", "svm"])
def test_a_corpus_ranks_as_it_did(ranker: Ranker, query: str | DocumentQuery) -> None:
    expected = json.loads((HERE / "rankings.json").read_text())
    then = expected[f"{ranker}, {query.doc_id if isinstance(query, DocumentQuery) else query}"]
    engine = SearchEngine(open_corpus("animals"), lambda built: encoder())
    ranking = engine.search(query, FEEDBACK, ranker=ranker, k=20, until="exact")
    assert list(ranking.doc_ids) == then["doc_ids"]
    np.testing.assert_allclose(ranking.scores, then["scores"], atol=1e-6)


def test_a_corpus_gets_its_words_when_they_are_first_needed() -> None:
    corpus = open_corpus("animals")
    folder = corpus_folder("animals") / corpus.manifest.build / "words"
    assert not folder.exists()
    engine = SearchEngine(corpus, lambda built: encoder())
    found = engine.search("cat", ranker="words").results
    assert found
    assert all("cat" in result.text.lower().split() for result in found)
    assert folder.is_dir()
    assert verify_corpus("animals") == []


def test_a_session_is_what_it_was(home: Path) -> None:
    store = SessionStore(home / "sessions.sqlite")
    session = store.load("kept")
    assert (session.query, session.feedback) == ("the cat", FEEDBACK)
    assert session.filters == Filters(("animal", ""), (("year", ("2000", "2001")),), "the")
    assert session.settings == Settings(("knn", "svm"), 5, 0.5, hide_marked=False)
    assert session.after(Redone()).feedback == Feedback(("n1", "n2"), ("n5", "n8", "n9"))
    for expected in (Feedback(("n1",), ("n5",)), Feedback(("n1",)), Feedback(), Feedback()):
        session = session.after(Undone())
        assert session.feedback == expected
    assert [(saved.name, saved.n_events) for saved in store.saved()] == [("Cats", 9)]


def test_an_interrupted_build_goes_on_and_embeds_nothing_again() -> None:
    status = corpus_status("begun")
    assert (status.state, status.documents, status.stage) == ("unfinished", "11", "words; full vectors 36%")
    documents = [open_corpus("animals").document(row) for row in range(11)]
    embedding = encoder()
    corpus = build_corpus(Source("begun", SourceSpec("/notes/begun.txt"), lambda: iter(documents)), embedding)
    assert sum(text in {document.text for document in documents[:4]} for text in embedding.encoded) == 0
    np.testing.assert_array_equal(corpus.vectors, open_corpus("animals").vectors)


@pytest.mark.cluster
def test_a_collection_in_milvus_is_searched(tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite", reason="pip install 'exemplar[milvus]'")
    path = tmp_path / "served.db"
    shutil.copytree(HERE / "served.db", path)
    served, index, words = open_served(str(path), "served")
    engine = SearchEngine(served, lambda *_: FakeEncoder(), index, words)
    assert served.documents["labels"].to_pylist() == [*([each] for each in LABELS[:-1]), []]
    assert served.document(3) == Document("3", ANIMALS[3], ("animal",))

    def found(filters: Filters) -> set[str]:
        return {result.doc_id for result in engine.search("the dog", ranker="knn", filters=filters).results}

    assert found(Filters(labels=("market",))) == set("567")
    assert found(Filters(labels=("market", UNLABELLED))) == set("5679")
    assert found(Filters(words="stocks")) == set("567")
    assert found(Filters(words="the-dog", without="puppy")) == {"3"}
    assert engine.words is None
    assert engine.search("the dog", ranker="hybrid").doc_ids == engine.search("the dog", ranker="knn").doc_ids
    assert engine.search("the dog", Feedback(("3",), ("5",))).results
    with pytest.raises(ExemplarError, match="^the corpus has no words index; rank it by another ranker$"):
        engine.search("the dog", ranker="words")
