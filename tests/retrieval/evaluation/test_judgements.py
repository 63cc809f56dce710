import gzip
import json
import re
import shutil
from pathlib import Path

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.evaluation.judgements import JudgedQuery, Judgements, check_judged, judgements_of
from tests.support.corpora import source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.reading import read

QRELS = "query-id\tcorpus-id\tscore\nq1\ta\t1\nq1\tb\t2\nq1\tgone\t1\nq2\tc\t0\nq3\tc\t1\n"
QUERIES = [{"_id": "q1", "text": "cats"}, {"_id": "q2", "text": "dogs"}, {"_id": "q3", "text": "rain"}]


def lines(rows: list[dict[str, str]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "pets"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(lines([{"_id": each, "title": "", "text": f"text {each}"} for each in "abc"]))
    (folder / "queries.jsonl").write_text(lines(QUERIES))
    (folder / "qrels" / "test.tsv").write_text(QRELS)
    return folder


def built(folder: Path) -> Corpus:
    return build_corpus(read(str(folder)), FakeEncoder())


def test_a_beir_folder_brings_queries_and_grades(beir: Path) -> None:
    assert judgements_of(built(beir)) == Judgements(
        "qrels of the split test",
        [JudgedQuery("q1", "cats", {"a": 1, "b": 2}), JudgedQuery("q3", "rain", {"c": 1})],
        n_missing=1,
    )


@pytest.mark.slow
def test_every_document_of_a_data_set_with_titles_alone_is_measured(shared_datasets: Path) -> None:
    corpus = built(shared_datasets / "beir" / "cacm")
    assert corpus.n_documents == 3204
    assert sum(not document.text for document in corpus.documents_at(range(3204))) == 1617
    found = judgements_of(corpus)
    assert (len(found.queries), found.n_missing) == (52, 0)


def test_queries_may_be_packed_and_the_split_another(beir: Path) -> None:
    (beir / "qrels" / "test.tsv").rename(beir / "qrels" / "dev.tsv")
    (beir / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\nq2\ta\t1\n")
    (beir / "queries.jsonl.gz").write_bytes(gzip.compress((beir / "queries.jsonl").read_bytes()))
    (beir / "queries.jsonl").unlink()
    found = judgements_of(built(beir))
    assert (found.kind, len(found.queries)) == ("qrels of the split dev", 2)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        (
            "qrels/test.tsv",
            "query\tdoc\nq1\ta\n",
            r"cannot read .*test.tsv: it has no column 'corpus-id'; .* query, doc",
        ),
        (
            "qrels/test.tsv",
            "query-id\tcorpus-id\tscore\nq1\ta\tvery\n",
            r"line 2: the score must be an integer, got 'very'",
        ),
        (
            "qrels/test.tsv",
            "query-id\tcorpus-id\tscore\nq1\tz\t1\n",
            "no query of 'pets' has a relevant document in it",
        ),
        (
            "qrels/test.tsv",
            "query-id\tcorpus-id\tscore\nq1\ta\t0.7\n",
            r"line 2: the score must be an integer, got '0.7'",
        ),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\ta\n", "line 2: the score is missing"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\n", "line 2: the corpus-id is missing"),
        (
            "qrels/test.tsv",
            "query-id\tcorpus-id\tscore\nq1\ta\t1e300\n",
            "line 2: the score must be at most 1,000,000, got",
        ),
        ("queries.jsonl", '{"_id": "q1", "text": "a"}\n{"text": "b"}\n', "queries.jsonl, line 2: the _id is missing"),
        ("queries.jsonl", '{"_id": ["q1"], "text": "a"}\n', "queries.jsonl, line 1: the _id is a list"),
        (
            "queries.jsonl",
            '{"_id": "q1", "text": {"a": 1}}\n',
            "queries.jsonl: it has no column 'text'; its columns are: _id, text.a",
        ),
        ("queries.jsonl", '{"_id": "q1", "text": "a"}\n{"_id": "q3"}\n[]\n', "queries.jsonl: line 3: no JSON object"),
        ("queries.jsonl", lines(QUERIES[:1] * 2), r"line 2: an earlier row has the query 'q1' too"),
        ("queries.jsonl", "{broken\n", r"cannot read .*queries.jsonl: "),
        ("queries.jsonl", '{"_id": "q9", "text": "else"}\n', "no query of 'pets' has a relevant document in it"),
    ],
)
def test_what_is_wrong_with_judgements_is_told(beir: Path, file: str, content: str, message: str) -> None:
    corpus = built(beir)
    (beir / file).write_text(content)
    with pytest.raises(ValueError, match=message):
        judgements_of(corpus)


def test_a_folder_of_qrels_without_a_known_split_is_told(beir: Path) -> None:
    corpus = built(beir)
    (beir / "qrels" / "test.tsv").rename(beir / "qrels" / "mine.tsv")
    with pytest.raises(ExemplarError, match="it takes one of test.tsv, dev.tsv and train.tsv"):
        judgements_of(corpus)


def test_the_last_judgement_of_a_pair_holds_and_files_of_windows_are_read(beir: Path) -> None:
    rows = ["query-id\tcorpus-id\tscore\textra", "q1\ta\t1\tx", "q1\ta\t2.0\tx", "q3\tc\t1\tx", "q3\tc\t0\tx"]
    (beir / "qrels" / "test.tsv").write_bytes("\r\n".join(rows).encode())
    assert judgements_of(built(beir)).queries == [JudgedQuery("q1", "cats", {"a": 2})]


def test_a_query_that_is_a_document_is_known_by_id_and_text(beir: Path) -> None:
    queries = [{"_id": "a", "text": "text a"}, {"_id": "b", "text": "something else"}]
    (beir / "queries.jsonl").write_text(lines(queries))
    (beir / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\na\tb\t1\nb\tc\t1\n")
    assert judgements_of(built(beir)).queries == [
        JudgedQuery("a", "text a", {"b": 1}, "a"),
        JudgedQuery("b", "something else", {"c": 1}),
    ]


def test_documents_of_a_label_are_relevant_to_each_other() -> None:
    labels = ["x", "y", "x", None, "z"]
    corpus = build_corpus(source_of(["a", "b", "c", "d", "e"], labels), FakeEncoder())
    both = {"0": 1, "2": 1}
    queries = [JudgedQuery("0", None, both, "0"), JudgedQuery("2", None, both, "2")]
    kind = "labels (left out: 1 document without a label, 2 documents whose labels no other document has)"
    assert judgements_of(corpus) == Judgements(kind, queries, unjudged=frozenset({"3"}))
    with pytest.raises(ExemplarError, match="the documents of 'one' need at least two labels"):
        judgements_of(build_corpus(source_of(["a", "b"], ["x", "x"], name="one"), FakeEncoder()))


def test_of_several_labels_each_is_a_query_of_its_own() -> None:
    found = [Document(str(n), f"text {n}", labels) for n, labels in enumerate([("x", "y"), ("x",), ("y",), ("z",), ()])]
    corpus = build_corpus(Source("several", SourceSpec("several"), lambda: iter(found)), FakeEncoder())
    x, y = {"0": 1, "1": 1}, {"0": 1, "2": 1}
    assert judgements_of(corpus).queries == [
        JudgedQuery("0, x", None, x, "0"),
        JudgedQuery("0, y", None, y, "0"),
        JudgedQuery("1", None, x, "1"),
        JudgedQuery("2", None, y, "2"),
    ]


def test_a_corpus_without_judgements_says_what_would_do(beir: Path) -> None:
    source = read(str(beir))
    corpus = build_corpus(source, FakeEncoder())
    (beir / "queries.jsonl").unlink()
    with pytest.raises(ExemplarError, match="nothing says what is relevant in .*pets: it takes a BEIR") as error:
        judgements_of(corpus)
    assert error.value.hint == "label_column"
    shutil.rmtree(beir)
    with pytest.raises(ExemplarError, match=".*pets, which does not exist any more: it takes a BEIR .* or labels$"):
        judgements_of(corpus)
    with pytest.raises(ExemplarError, match="relevant in my pets, which does not exist any more: it takes"):
        check_judged(corpus.manifest.source, shown_as="my pets")


@pytest.mark.slow
def test_documentation_is_judged_by_the_see_also_that_it_does_not_show() -> None:
    corpus = build_corpus(read("docs:numpy", without_see_also=True), FakeEncoder())
    assert not [text for text in corpus.documents["text"].to_pylist() if re.search("\nSee [Aa]lso\n---", text)]
    found = judgements_of(corpus)
    assert found.kind == "See Also"
    assert len(found.queries) > 200
    assert found.n_missing > 0
    [query] = [query for query in found.queries if query.query_id == "numpy.linspace"]
    assert (query.text, query.document) == (None, "numpy.linspace")
    assert set(query.relevant) == {"numpy.arange", "numpy.geomspace", "numpy.logspace"}
    assert not [query.query_id for query in found.queries if query.query_id in query.relevant]


@pytest.mark.slow
def test_documentation_that_shows_its_see_also_is_refused() -> None:
    corpus = build_corpus(read("docs:numpy", limit=5), FakeEncoder())
    with pytest.raises(ExemplarError, match="by its See Also sections, so it must not show them$") as error:
        judgements_of(corpus)
    assert error.value.hint == "without_see_also"
    with pytest.raises(ValueError, match="only docs have See Also sections to leave out"):
        read(str(Path(__file__).parent), without_see_also=True)
