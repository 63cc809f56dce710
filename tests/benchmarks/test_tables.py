import re

import pytest

from benchmarks import scale_plan, tables
from tests.support.paths import ROOT

PAGES = {
    "app": "README.md",
    "classifier": "docs/python.md",
    "encoder": "README.md",
    "load": "docs/reliability.md",
    "quick": "docs/quick.md",
    "reading": "docs/reading.md",
    "scale": "docs/scale.md",
    "screening": "docs/to-the-end.md",
    "svm": "README.md",
}


@pytest.mark.parametrize("name", tables.TABLES)
def test_the_documents_show_the_tables_of_the_benchmarks(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    tables.main([name, str(ROOT / "benchmarks" / f"{name}.json")])
    printed = capsys.readouterr().out
    assert printed.startswith("| ")
    assert printed in (ROOT / PAGES[name]).read_text()


def test_the_document_on_scale_shows_the_plan() -> None:
    assert scale_plan.scale_table() in (ROOT / "docs" / "scale.md").read_text()


@pytest.mark.parametrize("arguments", [[], ["svm"], ["faiss", "svm.json"]])
def test_a_call_without_a_benchmark_and_a_file_prints_the_usage(arguments: list[str]) -> None:
    usage = "usage: python -m benchmarks.tables {app,classifier,encoder,load,quick,reading,scale,screening,svm} FILE"
    with pytest.raises(SystemExit, match=f"^{re.escape(usage)}$"):
        tables.main(arguments)


def test_the_tables_of_a_load_show_times_errors_and_memory() -> None:
    took = {"n": 1200, "p50_ms": 301.4, "p95_ms": 1210.0, "slowest_ms": 2000.0}
    result = {
        "cores": 2,
        "documents": 25000,
        "sessions": 20,
        "seconds": 120.0,
        "clicks": 1500,
        "took": {"mark": took, "search": took | {"n": 7}, "first search": took | {"n": 20}, "finished": {"n": 0}},
        "errors": [],
        "lost_or_mixed": ["session s1: ..."],
        "memory_mb": {"at_half": 1000, "at_end": 1004, "growth": 4},
    }
    assert tables.load(result).splitlines() == [
        "| 20 sessions, 25,000 documents, 2 cores | times | median | 95th percentile | slowest |",
        "| --- | --- | --- | --- | --- |",
        "| a mark, to the new ranking | 1,200 | 301 ms | 1,210 ms | 2,000 ms |",
        "| a search, to its ranking | 7 | 301 ms | 1,210 ms | 2,000 ms |",
        "| the first search of a session, which waits for the model | 20 | 301 ms | 1,210 ms | 2,000 ms |",
        "",
        "| clicks | errors | lost or mixed | memory after 60 s and after 120 s |",
        "| --- | --- | --- | --- |",
        "| 1,500 | 0 | 1 | 1,000 MB, 1,004 MB |",
    ]
