"""Corpora in Milvus, by Milvus Lite, a real engine: put there, searched, measured, and what goes wrong."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.facets import UNLABELLED, Facets, facets_of
from exemplar.data.corpus.filters import Filters
from exemplar.data.documents import Document
from exemplar.data.encoders.base import unit_rows
from exemplar.data.encoders.sentence_transformer import load_encoder
from exemplar.data.errors import CorpusNotFound, EncoderMismatch, IndexUnreachable
from exemplar.data.milvus.push import push_corpus
from exemplar.data.milvus.server import Server, collection_name
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.evaluation.judgements import judgements_of
from exemplar.retrieval.evaluation.protocols import evaluate
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.index.milvus import MilvusIndex, open_served
from exemplar.retrieval.rankers import RANKERS, Ranker, Scorer
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.score_plane import score_plane
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.export import export_table
from tests.support.corpora import source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.paths import ROOT
from tests.support.patience import PATIENCE, wait_for
from tests.support.reading import read

pytestmark = pytest.mark.cluster
pytest.importorskip("pymilvus", reason="pip install 'exemplar[milvus]'")
pytest.importorskip("milvus_lite", reason="pip install 'exemplar[milvus]'")

WORDS = ["cat", "dog", "mouse", "bird", "fish", "horse", "cow", "sheep", "goat", "pig", "hen", "duck"]


def documents() -> list[Document]:
    """400 documents of one to four passages, some equal, with labels and columns that are awkward to write down."""
    rng = np.random.default_rng(0)
    found = []
    for number in range(400):
        n_words = int(rng.integers(3, 24))
        text = " ".join(rng.choice(WORDS, n_words)).capitalize() + (".\n" if number % 3 else "")
        label = (None, "pet", 'a "quoted" \\ label', "Stall")[number % 4]
        metadata = {"year": str(1990 + number % 3), 'odd "name"': ("x", "=y\n")[number % 2]} if number % 5 else {}
        found.append(Document(f"doc {number}", text, label, metadata))
    found[7] = replace(found[7], text=found[3].text)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("milvus")


@pytest.fixture(scope="module")
def corpus(folder: Path) -> Iterator[Corpus]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("EXEMPLAR_HOME", str(folder / "home"))
        source = Source("many words", SourceSpec("x", label_column="kind"), lambda: iter(documents()))
        yield build_corpus(source, FakeEncoder(max_tokens=8), name="many.words-1")


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
    found, index = open_served(uri, "many.words-1")
    return SearchEngine(found, lambda *_: FakeEncoder(max_tokens=8), index)


def test_the_index_answers_as_the_one_in_memory_does(served: SearchEngine, corpus: Corpus) -> None:
    dense, index = DenseIndex(corpus.vectors), served.index
    assert (index.n, index.dim) == (dense.n, dense.dim)
    rng = np.random.default_rng(1)
    for k, options in [
        (10, {}),
        (1, {"b": -2.0}),
        (dense.n + 5, {"exclude": [0, 3, 3, 9]}),
        (30, {"above": 0.1, "b": 0.05}),
        (0, {}),
    ]:
        w = rng.normal(size=dense.dim)
        rows, scores = index.top_k(w, k, **options)
        expected_rows, expected = dense.top_k(w, k, **options)
        assert rows.tolist() == expected_rows.tolist()
        np.testing.assert_allclose(scores, expected, atol=1e-12)
    assert index.sample(50, 3).tolist() == dense.sample(50, 3).tolist()
    taken = [5, 2, 2, dense.n - 1]
    assert np.array_equal(index.vectors(taken), dense.vectors(taken))
    np.testing.assert_allclose(index.mean(), dense.mean(), atol=1e-7)


def test_equal_rows_are_ranked_by_row_even_where_the_last_place_falls_among_them(folder: Path) -> None:
    texts = ["the same words"] * 40 + ["other ones"] * 5
    push_corpus(build_corpus(source_of(texts, name="equal"), FakeEncoder()), str(folder / "equal.db"))
    _, index = open_served(str(folder / "equal.db"), "equal")
    rows, _ = index.top_k(FakeEncoder().encode_query("the same words"), 30)
    assert rows.tolist() == list(range(30))


@pytest.mark.parametrize("left_out", [[], [1, 5, 6, 300]])
@pytest.mark.parametrize("b", [-1.7, -1.2, -0.5])
def test_a_scan_by_top_k_queries_is_the_scan_of_all_rows(
    served: SearchEngine, corpus: Corpus, b: float, left_out: list[int]
) -> None:
    w = 1.5 * unit_rows(np.random.default_rng(2).normal(size=(1, 64)))[0].astype(float)
    found, expected = (
        index.scan(w, b, np.array(left_out, np.intp), precise=True)
        for index in (served.index, DenseIndex(corpus.vectors))
    )
    assert (found.violators.tolist(), found.sample_weights) == (expected.violators.tolist(), None)
    np.testing.assert_allclose(found.loss, expected.loss)
    np.testing.assert_allclose(found.pull, expected.pull, atol=1e-9)


MARKS = (Feedback(), Feedback(("doc 3", "doc 40"), ("doc 11",)))


@pytest.mark.parametrize("ranker", RANKERS)
@pytest.mark.parametrize("query", ["cat and dog", DocumentQuery("doc 3")])
@pytest.mark.parametrize("feedback", MARKS, ids=["unmarked", "marked"])
def test_rankings_are_those_of_the_index_in_memory(
    local: SearchEngine, served: SearchEngine, ranker: Ranker, query: str | DocumentQuery, feedback: Feedback
) -> None:
    options = {"ranker": ranker, "k": 20, "skip": 5, "depth": 60, "without": ["doc 8", "nowhere"]}
    expected, found = (engine.search(query, feedback, **options) for engine in (local, served))
    assert found.doc_ids == expected.doc_ids
    np.testing.assert_allclose(found.scores, expected.scores, atol=2e-3)
    assert [replace(each, score=0) for each in found.results] == [replace(each, score=0) for each in expected.results]
    assert found.n_candidates == expected.n_candidates
    if svm := expected.scorer.svm:
        assert (found.scorer.svm.stopped, found.scorer.svm.scans) == (svm.stopped, svm.scans)


@pytest.mark.parametrize(
    "filters",
    [
        Filters(labels=("pet",)),
        Filters(labels=(UNLABELLED, 'a "quoted" \\ label')),
        Filters(labels=("nobody",)),
        Filters(fields=(("year", ("1990", "1992")), ('odd "name"', ("=y\n",)))),
        Filters(labels=("pet", "Stall"), fields=(("year", ("1991",)),)),
    ],
)
def test_filters_let_the_same_documents_pass(local: SearchEngine, served: SearchEngine, filters: Filters) -> None:
    expected, found = (
        engine.search("cat and dog", ranker="knn", k=400, filters=filters, without=["doc 1", "doc 2"])
        for engine in (local, served)
    )
    assert found.doc_ids == expected.doc_ids
    assert found.n_candidates == expected.n_candidates
    drawn = served.sample(20, 1, filters)
    assert len(set(drawn)) == len(drawn) == min(20, found.n_candidates + len({"doc 1", "doc 2"} & set(drawn)))
    assert set(drawn) <= {*found.doc_ids, "doc 1", "doc 2"}


def test_words_are_looked_for_in_each_passage(served: SearchEngine) -> None:
    with_fish = served.search("cat", ranker="knn", k=400, filters=Filters(words="FISH duck", without="cat"))
    assert with_fish.results
    for result in with_fish.results:
        words = result.text.lower().replace(".", "").split()
        assert {"fish", "duck"} <= set(words)
    assert served.search("cat", filters=Filters(words="unheardof")).results == ()
    with pytest.raises(ValueError, match='single words, not for phrases: type "cat dog" without the quotes'):
        served.search("cat", filters=Filters(words='"cat dog"'))


def test_all_that_the_pages_ask_for_is_there(local: SearchEngine, served: SearchEngine) -> None:
    marks = Feedback(("doc 3", "gone"), ("doc 11",))
    known = served.within(marks)
    assert known == Feedback(("doc 3",), ("doc 11",))
    scorers = [engine.search("cat and dog", known, ranker="svm").scorer for engine in (local, served)]
    sample = served.sample(30, 2)
    assert len(set(sample)) == 30
    groups = [("some", sample), ("marked", marks.positives)]
    planes = [
        score_plane(engine, Scorer(engine.query_vector("cat")), scorer, groups)
        for engine, scorer in zip((local, served), scorers, strict=True)
    ]
    assert [(point.doc_id, point.kind) for point in planes[0]] == [(point.doc_id, point.kind) for point in planes[1]]
    np.testing.assert_allclose([point.y for point in planes[1]], [point.y for point in planes[0]], atol=2e-3)
    one, other = (replace(engine.result(scorers[1], "doc 40"), score=0) for engine in (local, served))
    assert one == other
    assert export_table(served.corpus, marks) == export_table(local.corpus, marks)
    assert served.corpus.facets == facets_of(local.corpus.documents)
    with pytest.raises(ValueError, match="there is no document 'gone' in the corpus 'many.words-1'"):
        served.search("cat", marks)


def test_an_evaluation_measures_the_same(local: SearchEngine, served: SearchEngine) -> None:
    results = [
        evaluate(
            engine, judgements_of(engine.corpus), rankers=("knn", "bm25", "centred", "anchored"), rounds=2, n_queries=4
        )
        for engine in (local, served)
    ]
    assert [(each.protocol, each.round, each.ranker) for each in results[0]] == [
        (each.protocol, each.round, each.ranker) for each in results[1]
    ]
    for one, other in zip(*results, strict=True):
        assert {name: values.tolist() for name, values in one.values.items()} == {
            name: values.tolist() for name, values in other.values.items()
        }


@pytest.mark.parametrize("index_type", ["IVF_FLAT", "IVF_SQ8", "HNSW", "AUTOINDEX"])
def test_an_approximate_index_is_searched_and_never_called_exact(
    folder: Path, corpus: Corpus, local: SearchEngine, index_type: str
) -> None:
    path = str(folder / f"{index_type}.db")
    push_corpus(corpus, path, index_type=index_type)
    found, index = open_served(path, "many.words-1")
    assert not index.exact
    engine = SearchEngine(found, lambda *_: FakeEncoder(max_tokens=8), index)
    ranking = engine.search("cat and dog", MARKS[1], ranker="svm", until="exact")
    assert ranking.scorer.svm.stopped in ("settled", "budget")
    expected = local.search("cat and dog", MARKS[1], ranker="svm", until="exact").doc_ids
    assert len(set(ranking.doc_ids) & set(expected)) >= 8


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
    found, index = open_served(path, "many.words-1")
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
        Document("long", "é" + long, "l"),
        Document("wide", "text", None, {"small": "1", "huge": "x" * 70_000}),
        Document("usual", "text and more", None),
    ]
    source = Source("cut", SourceSpec("x"), lambda: iter(rows))
    built = build_corpus(source, FakeEncoder(), whole=True)
    path = str(folder / "cut.db")
    assert push_corpus(built, path).n_cut == 2
    found, _ = open_served(path, "cut")
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


def test_a_server_that_is_not_there_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(IndexUnreachable, match=f"no Milvus server answers at {address}; start it, or name another"):
        open_served(address, "docs")


def test_an_address_that_is_none_is_told(tmp_path: Path) -> None:
    for address in ("localhost", "ftp://host", "/nowhere/at/all"):
        with pytest.raises(
            ValueError, match="is not an address of Milvus: use http://HOST:PORT, or a file .* ends in .db"
        ):
            Server(address)
    with pytest.raises(ValueError, match="there is no Milvus Lite file .*none.db; make it: exemplar push NAME --to"):
        Server(str(tmp_path / "none.db"))
    with pytest.raises(ValueError, match="there is no folder .*nowhere to keep a Milvus Lite file in"):
        Server(str(tmp_path / "nowhere" / "x.db"), create=True)
    (tmp_path / "text.db").write_text("no database")
    with pytest.raises(
        IndexUnreachable, match="Lite file .*text.db can't be opened: another process has it open .* or"
    ):
        Server(str(tmp_path / "text.db"))
    assert (tmp_path / "text.db").read_text() == "no database"


def test_a_document_that_an_outage_hid_is_found_afterwards(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = open_served(uri, "many.words-1")
    with monkeypatch.context() as outage:
        outage.setattr(found.collection, "query", raise_unreachable)
        with pytest.raises(IndexUnreachable, match="gone"):
            found.rows_of(["doc 3"])
    assert found.rows_of(["doc 3", "nobody"]) == {"doc 3": 3}


def raise_unreachable(*_: object, **__: object) -> None:
    raise IndexUnreachable("gone")


def test_a_file_that_another_process_has_open_is_told(uri: str, served: SearchEngine) -> None:
    found = exemplar("search", "many.words-1", "cat", "--index", uri)
    assert (found.returncode, found.stdout) == (1, "")
    assert "can't be opened: another process has it open (Milvus Lite serves one)" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_corpus_of_another_model_is_told(uri: str) -> None:
    other = FakeEncoder(max_tokens=8)
    other.revision = "2"
    found, index = open_served(uri, "many.words-1")
    with pytest.raises(EncoderMismatch, match="was built with fake .revision 1, 64 dimensions., but fake .revision 2"):
        SearchEngine(found, lambda *_: other, index).search("cat")


def test_missing_packages_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(ValueError, match=r"pip install 'exemplar\[milvus\]'"):
        Server(str(tmp_path / "new.db"), create=True)


def test_names_that_milvus_does_not_take_are_written_otherwise() -> None:
    assert [collection_name(name) for name in ("docs", "20news", "a.b-c")] == ["docs", "_20news", "a_b_c"]


def test_choices_are_shortened_to_what_a_property_holds() -> None:
    choices = Facets({f"label {n}": 9 for n in range(3000)}, {"column": {f"value {n}": n for n in range(2000)}})
    text = choices.to_json(60_000)
    assert len(text) <= 60_000
    kept = Facets.from_json(text)
    assert (len(kept.labels), len(kept.fields["column"])) == (1000, 1000)
    assert Facets.from_json("[]") == Facets.from_json("") == Facets({}, {})


def exemplar(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "exemplar.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)


@pytest.mark.model
def test_the_command_line_puts_searches_and_measures(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text(
        "text,label\n"
        + "".join(f"the {word} runs number {n},{'pet' if n % 2 else 'wild'}\n" for n, word in enumerate(WORDS))
    )
    build_corpus(read(str(tmp_path / "reviews.csv")), load_encoder(), name="reviews")
    address = ("--index", str(tmp_path / "r.db"))

    pushed = exemplar("push", "reviews", "--to", address[1])
    assert "reviews: 12 passages in Milvus at" in pushed.stdout
    found, expected = (
        json.loads(exemplar("search", "reviews", "a small cat", "--like", "3", "--json", *where).stdout)
        for where in (address, ())
    )
    assert [each["doc_id"] for each in found["results"]] == [each["doc_id"] for each in expected["results"]]
    assert found["results"][0]["text"] == "the bird runs number 3"
    measured = exemplar(
        "evaluate", "reviews", "--rankers", "knn,svm", "--rounds", "1", "--json", str(tmp_path / "e"), *address
    )
    assert measured.returncode == 0, measured.stderr
    assert json.loads((tmp_path / "e").read_text())["command"].endswith(f"--index {address[1]}")

    for arguments in (("search", "nothing", "cat"), ("evaluate", "nothing")):
        refused = exemplar(*arguments, *address)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "there is no corpus 'nothing' in Milvus at" in refused.stderr
        assert "(there are: reviews)" in " ".join(refused.stderr.split())
    down = exemplar("app", "--index", "http://127.0.0.1:1")
    assert (down.returncode, "no Milvus server answers at http://127.0.0.1:1" in down.stderr) == (1, True)


@pytest.mark.model
def test_imdb_is_ranked_as_in_memory_by_all_rankers(
    shared_datasets: Path, tmp_path: Path, record_property: pytest.FixtureRequest
) -> None:
    """All 25,000 reviews, by their first 80 characters, which are embedded ten times as fast as the whole."""
    whole = read(str(shared_datasets / "imdb"), split="train")
    short = replace(whole, read=lambda: (replace(each, text=each.text[:80]) for each in whole.read()))
    corpus = build_corpus(short, load_encoder(precision="auto", backend="auto"), name="imdb", whole=True)
    assert corpus.manifest.n_passages == 25_000
    path = str(tmp_path / "imdb.db")
    push_corpus(corpus, path)
    local = SearchEngine(corpus)
    served = SearchEngine(*_engine_parts(path))
    assert served.index.exact
    queries = ["a slow ghost story", "terrible acting and a silly plot"]
    marks = [Feedback(ids[:3], ids[7:9]) for ids in (local.search(query, ranker="knn").doc_ids for query in queries)]
    rankings = {}
    for query, feedback in zip(queries, marks, strict=True):
        for ranker in RANKERS:
            for each in (Feedback(), feedback):
                expected, found = (engine.search(query, each, ranker=ranker, k=50) for engine in (local, served))
                rankings[query, ranker, len(each)] = expected.doc_ids
                differing = [pair for pair in zip(found.doc_ids, expected.doc_ids, strict=True) if pair[0] != pair[1]]
                scores = dict(zip(expected.doc_ids, expected.scores, strict=True))
                assert set(found.doc_ids) == set(expected.doc_ids), (query, ranker)
                assert all(abs(scores[a] - scores[b]) < 1e-5 for a, b in differing), (query, ranker)  # ties aside

    push_corpus(corpus, path, index_type="IVF_FLAT")
    approximate = SearchEngine(*_engine_parts(path))
    recalls = []
    for query, feedback in zip(queries, marks, strict=True):
        ranking = approximate.search(query, feedback, ranker="svm", k=10, until="exact")
        assert ranking.scorer.svm.stopped != "exact"
        recalls.append(len(set(ranking.doc_ids) & set(rankings[query, "svm", len(feedback)][:10])) / 10)
    record_property("recall_at_10", recalls)
    assert np.mean(recalls) >= 0.8


def _engine_parts(path: str) -> tuple[object, None, MilvusIndex]:
    corpus, index = open_served(path, "imdb")
    return corpus, None, index


@contextmanager
def milvus_server(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run Milvus Lite as a server of its own, as one does for several processes; give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = str(Path(sys.executable).with_name("milvus-lite"))
    command = [program, "server", "--data-dir", str(folder), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(lambda: server.poll() is not None or _listens(port))
            assert server.poll() is None
            yield f"http://127.0.0.1:{port}", server
        finally:
            server.kill()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_a_server_is_pushed_to_and_searched_and_its_end_is_told(
    tmp_path: Path, corpus: Corpus, local: SearchEngine
) -> None:
    with milvus_server(tmp_path / "data") as (address, server):
        assert push_corpus(corpus, address).n_passages == corpus.manifest.n_passages
        assert list(Server(address).manifests()) == ["many.words-1"]
        found, index = open_served(address, "many.words-1")
        engine = SearchEngine(found, lambda *_: FakeEncoder(max_tokens=8), index)
        for ranker in RANKERS:
            expected = local.search("cat and dog", MARKS[1], ranker=ranker, k=30)
            assert engine.search("cat and dog", MARKS[1], ranker=ranker, k=30).doc_ids == expected.doc_ids
        server.kill()
        server.wait()
        with pytest.raises(IndexUnreachable, match=f"no Milvus server answers at {address}; start it, or name another"):
            engine.search("a hen and a duck")
        with pytest.raises(IndexUnreachable, match="no Milvus server answers"):
            push_corpus(corpus, address)
