import json
import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks import applying, classifier, encoder, quick, reading, scale_search, svm, tables, vectors, words
from benchmarks.memory import in_own_process, peak_megabytes
from exemplar.data.building.build import build_corpus
from exemplar.data.encoders.base import unit_rows
from tests.support.corpora import ANIMALS, LABELS, source_of
from tests.support.fake_encoder import FakeEncoder, FakeQuickEncoder


@pytest.mark.cluster
def test_the_scale_benchmark_compares_milvus_with_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = FakeEncoder()
    monkeypatch.setattr(encoder, "_vector", lambda text: np.random.default_rng(int(text)).normal(size=64))
    corpus = build_corpus(source_of([str(n) for n in range(400)]), encoder)
    monkeypatch.setattr(scale_search, "drawn_corpus", lambda size: corpus)
    search = scale_search.search_figures([400], ["IVF_FLAT"], n_queries=2)
    flat, approximate = search["corpora"][0]["indexes"]
    assert [index["index"] for index in (flat, approximate)] == ["FLAT", "IVF_FLAT"]
    for ranker in ("knn", "svm", "anchored"):
        assert (flat["rankers"][ranker]["same_top_50"], flat["rankers"][ranker]["recall_at_10"]) == (2, 1.0)
        assert flat["rankers"][ranker]["top_k_queries"] >= 1
    assert approximate["rankers"]["svm"]["stopped"] != ["exact"]
    assert approximate["rankers"]["knn"]["recall_at_10"] > 0.5


@pytest.mark.model
def test_the_encoder_benchmark_compares_with_plain_encoding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    texts = [f"text {n}" for n in range(120)]
    monkeypatch.setattr(encoder, "_texts", lambda n: {"texts": texts[:n]})
    output = tmp_path / "encoder.json"
    monkeypatch.setattr("sys.argv", ["encoder", "--documents", "110", "--no-build", "--json", str(output)])

    encoder.main()

    result = json.loads(output.read_text())
    assert result["command"] == "python -m benchmarks.encoder --no-build"
    of_texts = result["texts"]["texts"]
    assert of_texts["documents"] == 110
    assert of_texts["plain"]["times_plain"] == 1
    for way in ("plain", "torch", "openvino"):
        assert of_texts[way]["documents_a_second"] > 0
        assert 0.999 < of_texts[way]["worst_cosine"] < 1.00001
    assert tables.encoder(result).count("\n") == 3


def test_the_classifier_benchmark_compares_with_linear_svc(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = unit_rows(np.random.default_rng(0).normal(size=(700, 24)))
    monkeypatch.setattr(vectors, "imdb_train", lambda: rows[:500])
    monkeypatch.setattr(vectors, "imdb_queries", lambda: rows[500:])
    monkeypatch.setattr("sys.argv", ["classifier", "--rows", "400", "--queries", "2"])
    classifier.main()
    result = json.loads(capsys.readouterr().out)
    assert result["command"] == "python -m benchmarks.classifier --rows 400"
    [of_400] = result["rows"]
    assert [case["case"] for case in of_400["cases"]] == ["T = 50, settled", "C = 1, exact"]
    for case in of_400["cases"]:
        assert case["same_first_ten"] == of_400["queries"] == 2
        assert {"ms", "linear_svc_ms", "times_faster"} < case.keys()
    assert of_400["cases"][1]["furthest_from_linear_svc"] < 1e-4


def test_the_svm_benchmark_compares_with_linear_svc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows = unit_rows(np.random.default_rng(0).normal(size=(700, 24)))
    for name, part in (("imdb_train", rows[:500]), ("imdb_queries", rows[500:]), ("package_docs", rows)):
        monkeypatch.setattr(vectors, name, lambda part=part: part)
    monkeypatch.setattr(svm, "in_own_process", lambda call, *arguments, timeout: None)
    output = tmp_path / "svm.json"
    arguments = ["svm", "--rows", "100", "500", "--queries", "2", "--accuracy-queries", "3", "--json", str(output)]
    monkeypatch.setattr("sys.argv", arguments)

    svm.main()

    result = json.loads(output.read_text())
    assert result["command"] == "python -m benchmarks.svm --rows 100 500"
    assert [size["rows"] for size in result["rows"]] == [100, 500]
    for size in result["rows"]:
        assert [case["case"] for case in size["cases"]] == ["T = 5", "T = 50", "LinearSVC's C = 0.1"]
        for case in size["cases"]:
            assert case["linear_svc_ms"] > 0
            assert case["exact"]["stopped"] == ["exact"]
            assert case["exact"]["against_linear_svc"]["overlap@10"] == 1
            assert abs(case["exact"]["against_linear_svc"]["objective_gap_median"]) < 1e-6
    assert [each["case"] for each in result["settled_against_exact"]] == ["T = 5", "T = 50"] * 2
    assert tables.svm(result).count("\n") == 2 + 2 + 1 + 2 + 4


def _hold(megabytes: int) -> float | None:
    return peak_megabytes(lambda: np.ones(megabytes << 17).sum())


def _fall_over() -> None:
    raise MemoryError


@pytest.mark.slow
def test_memory_is_measured_in_a_process_of_its_own() -> None:
    peak = in_own_process(_hold, 200, timeout=60)
    assert peak is None or 190 < peak < 260
    assert in_own_process(_fall_over, timeout=60) is None


@pytest.mark.slow
def test_the_words_benchmark_compares_with_bm25s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(words, "reviews", lambda: ["A fine film. It is long!", "The dogs run."])
    monkeypatch.setattr("sys.argv", ["words", "--documents", "2", "5", "--json", str(tmp_path / "words.json")])

    words.main()

    reviews, passages = json.loads((tmp_path / "words.json").read_text())["corpora"]
    assert (reviews["exemplar"]["terms"], reviews["exemplar"]["postings"]) == (5, 5)
    assert passages["documents"] == 5
    for figures in (reviews["exemplar"], reviews["bm25s"], passages["exemplar"]):
        assert figures["seconds"] > 0


@pytest.mark.model
@pytest.mark.slow
def test_the_benchmark_of_quick_vectors_times_each_stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(quick, "reviews", lambda: ["A fine film. It is long! " * 60, "The dogs run.", "It rains."])
    monkeypatch.setattr(quick, "distil", lambda model: None)
    monkeypatch.setattr(quick, "_RUNS", 1)
    output = tmp_path / "quick.json"
    monkeypatch.setattr(
        "sys.argv", ["quick", "--reviews", "3", "--texts", "40", "--sets", "animals", "--json", str(output)]
    )
    encoders = {"quick": FakeQuickEncoder(), "full": FakeEncoder()}
    monkeypatch.setattr("exemplar.retrieval.query_encoder.encoder_of", lambda info, _: encoders[info.kind])
    build_corpus(source_of(ANIMALS, LABELS), FakeEncoder(), quick=FakeQuickEncoder)
    home = os.environ["EXEMPLAR_HOME"]
    quick.main()
    assert os.environ["EXEMPLAR_HOME"] == home
    result = json.loads(output.read_text())
    assert result["cutting"]["texts"] == 3
    assert result["encoding"]["passages"] > 3
    assert result["encoding"]["ratio"] > 0
    for name, n in (("reviews", 3), ("short_texts", 40)):
        assert result[name]["texts"] == n
        assert 0 < result[name]["seconds_to_quick_vectors"] <= result[name]["seconds"]
        assert result[name]["seconds_of_a_search_command"] > 0
    assert result["quality"]["sets"]["first query quick anchored"].keys() == {"animals"}
    assert len(result["quality"]["gains"]) == 3


@pytest.mark.slow
def test_the_reading_benchmark_reads_all_it_wrote(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    output = tmp_path / "reading.json"
    arguments = ["reading", "--runs", "1", "--rows", "50", "--megabytes", "1", "2", "--json", str(output)]
    monkeypatch.setattr("sys.argv", arguments)

    reading.main()

    result = json.loads(output.read_text())
    assert {name: figures["rows"] for name, figures in result["speed"].items()} == {"csv": 50, "jsonl": 50, "ris": 50}
    assert result["memory"].keys() == {"csv", "jsonl", "json", "ris", "stackexchange", "mbox"}
    assert tables.reading(result).count("\n") == 14


@pytest.mark.slow
def test_the_benchmark_of_applying_leaves_the_model_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(applying, "reviews", lambda: [f"A fine film number{n}. It is long!" for n in range(60)])
    output = tmp_path / "applying.json"
    monkeypatch.setattr("sys.argv", ["applying", "--documents", "60", "--seconds", "0.5", "--json", str(output)])

    applying.main()

    [applied] = json.loads(output.read_text())["applied"]
    assert applied["documents"] == 60
    assert applied["seconds_of_the_model"] >= 0.5
    assert applied["seconds_besides_embedding"] >= sum(applied["of_which"].values()) - 0.01
