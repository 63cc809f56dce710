import json
from pathlib import Path

import pytest

from benchmarks import exporting


@pytest.mark.slow
def test_the_export_benchmark_measures_both_orders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    output = tmp_path / "exporting.json"
    arguments = ["exporting", "--rows", "300", "--dim", "16", "--rounds", "1", "--json", str(output)]
    monkeypatch.setattr("sys.argv", arguments)
    exporting.main()
    result = json.loads(output.read_text())
    assert result["command"] == "python -m benchmarks.exporting --rows 300 --rounds 1"
    assert sorted(result["ways"]) == ["csv, by file", "csv, by rank", "parquet, by file", "parquet, by rank"]
    assert all(way["megabytes"] > 0 for way in result["ways"].values())
    assert "to_csv_seconds" in result["pandas"]
