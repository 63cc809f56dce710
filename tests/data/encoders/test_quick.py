"""The quick encoder of the real model: a vector a token, which needs neither PyTorch nor the model."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from exemplar.data.encoders import quick
from exemplar.data.encoders.base import EncoderInfo, unknown_vector
from exemplar.data.encoders.distillation import Distillation, distil
from exemplar.data.encoders.model_files import DEFAULT_MODEL
from exemplar.data.encoders.passages import split
from exemplar.data.encoders.quick import (
    HEADER,
    QuickEncoder,
    encoder_of,
    install_quick_encoder,
    kept_quick_encoder,
    quick_encoder,
)
from exemplar.data.encoders.sentence_transformer import load_encoder
from exemplar.data.errors import EncoderMismatch, ExemplarError, NoQuickEncoder
from tests.support.real_builds import real_encoder
from tests.support.static_model import write_static_model

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def distillation() -> Distillation:
    """The real model, really distilled."""
    return distil(DEFAULT_MODEL)


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation without quick encoders."""
    folder = tmp_path / "installation"
    monkeypatch.setattr(quick, "_installed", lambda: folder)
    return folder


@pytest.fixture
def n_distilled(distillation: Distillation, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The models that were distilled; the result comes without its twelve seconds."""
    models: list[str] = []

    def known(model: str, revision: str | None) -> Distillation:
        models.append(model)
        return distillation

    monkeypatch.setattr(quick, "distil", known)
    return models


def test_it_is_made_once_for_a_model_and_its_revision(home: Path, n_distilled: list[str]) -> None:
    begun: list[str] = []
    first = quick_encoder(DEFAULT_MODEL, on_begin=lambda: begun.append("first"))
    second = quick_encoder(DEFAULT_MODEL, on_begin=lambda: begun.append("second"))
    assert (n_distilled, begun) == ([DEFAULT_MODEL], ["first"])
    assert first.info == second.info == kept_quick_encoder(first.info).info
    assert first.info.kind == "quick"
    assert first.info.title == f"{DEFAULT_MODEL}, quick"
    assert (first.info.model, first.info.max_tokens) == (DEFAULT_MODEL, real_encoder().info.max_tokens)
    [folder] = (home / "quick").glob("*/")
    assert folder.name == f"all-MiniLM-L6-v2-{first.info.revision}"


def test_one_that_was_installed_is_taken_over_into_a_home_folder(
    home: Path, installation: Path, n_distilled: list[str]
) -> None:
    install_quick_encoder()
    install_quick_encoder()
    assert len([*installation.glob(f"*/{HEADER}")]) == 1
    info = quick_encoder(DEFAULT_MODEL).info
    assert len(n_distilled) == 1
    shutil.rmtree(installation)  # as when the environment is made anew
    assert kept_quick_encoder(info).folder.is_relative_to(home)
    assert quick_encoder(DEFAULT_MODEL).info == info
    assert len(n_distilled) == 1


def test_several_that_need_it_at_once_make_it_once(n_distilled: list[str]) -> None:
    with ThreadPoolExecutor(4) as pool:
        encoders = [*pool.map(lambda _: quick_encoder(DEFAULT_MODEL), range(4))]
    assert len({encoder.info for encoder in encoders}) == 1
    assert len(n_distilled) == 1


@pytest.mark.parametrize("file", ["vectors.safetensors", "tokenizer.json", "model_tokenizer.json", HEADER])
def test_a_damaged_one_is_made_again(home: Path, n_distilled: list[str], file: str) -> None:
    info = quick_encoder(DEFAULT_MODEL).info
    [path] = home.glob(f"quick/*/{file}")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(EncoderMismatch, match="that made these vectors"):
        kept_quick_encoder(info)
    assert quick_encoder(DEFAULT_MODEL).info == info
    assert len(n_distilled) == 2
    assert kept_quick_encoder(info).info == info


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"model": 7, "files": {}, "format": 1}', '{"model": {}, "files": 3}', "[" * 10**5]
)
def test_what_is_no_quick_encoder_is_left_alone(home: Path, n_distilled: list[str], content: str) -> None:
    folder = home / "quick" / "strange"
    folder.mkdir(parents=True)
    (folder / HEADER).write_text(content)
    assert quick_encoder(DEFAULT_MODEL).info.kind == "quick"
    assert (folder / HEADER).read_text() == content


def test_a_header_names_files_that_are_as_they_were_written(home: Path, n_distilled: list[str]) -> None:
    quick_encoder(DEFAULT_MODEL)
    [path] = home.glob(f"quick/*/{HEADER}")
    header = json.loads(path.read_text())
    header["files"]["vectors.safetensors"] = "0" * 64
    path.write_text(json.dumps(header))
    with pytest.raises(ValueError, match="differs from what was written"):
        QuickEncoder(path.parent)


def test_it_reads_a_text_to_its_end(n_distilled: list[str]) -> None:
    encoder = quick_encoder(DEFAULT_MODEL)
    long = "the harbour has boats " * 1000
    with_end, without = encoder.encode_documents([f"{long} {'volcano ' * 200}", long])
    volcano = encoder.encode_query("volcano")
    assert with_end @ volcano > without @ volcano + 0.1


def test_texts_without_tokens_have_the_vector_of_the_unknown(n_distilled: list[str]) -> None:
    encoder = quick_encoder(DEFAULT_MODEL)
    texts = ["", " \n\t", "\u200b", "a cat", "\ufffd\ufffd"]
    rows = encoder.encode_documents(texts)
    assert np.isfinite(rows).all()
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(rows[0], unknown_vector(encoder.info.dim))
    np.testing.assert_array_equal(rows[1], rows[0])
    with pytest.raises(ExemplarError, match="knows nothing in this query: use other words"):
        encoder.encode_query(" ")


def test_a_text_has_the_same_vector_alone_and_among_others(n_distilled: list[str]) -> None:
    encoder = quick_encoder(DEFAULT_MODEL)
    texts = [f"{'word ' * (n % 9)}number {n} of many" for n in range(2100)]
    seen: list[int] = []
    rows = encoder.encode_documents(texts, seen.append)
    assert (seen[-1], seen) == (2100, sorted(seen))
    for n in (0, 1023, 1024, 2099):
        np.testing.assert_array_equal(rows[n], encoder.encode_documents([texts[n]])[0])


def test_it_cuts_the_passages_of_the_full_model(n_distilled: list[str]) -> None:
    texts = ["A café. " * 400, "short", "word" * 3000, "猫が好きです。" * 300, "", "x " * 2000]
    assert split(texts, quick_encoder(DEFAULT_MODEL)) == split(texts, real_encoder())


def test_near_meanings_are_near(n_distilled: list[str]) -> None:
    encoder = quick_encoder(DEFAULT_MODEL)
    kitten, stock = encoder.encode_documents(["the kitten sleeps on the sofa", "the stock market fell sharply"])
    assert encoder.encode_query("a cat naps") @ kitten > encoder.encode_query("a cat naps") @ stock + 0.1


def test_what_cannot_be_distilled_says_why(tmp_path: Path) -> None:
    folder = write_static_model(tmp_path / "static", ["unknown", "word"])
    with pytest.raises(NoQuickEncoder, match="static is no transformer, which alone can be distilled"):
        quick_encoder(folder)


def test_the_encoder_of_vectors_is_the_one_that_made_them(n_distilled: list[str]) -> None:
    made = quick_encoder(DEFAULT_MODEL).info
    assert isinstance(encoder_of(made, load_encoder), QuickEncoder)
    asked: list[tuple[str, str, str | None]] = []

    def load(model: str, *, precision: str, backend: str, revision: str | None = None) -> QuickEncoder:
        asked.append((model, precision, revision))
        return quick_encoder(DEFAULT_MODEL)

    full = EncoderInfo("full", "r", "bfloat16", "cpu", "torch", "cosine", 384, 254)
    encoder_of(full, load)
    assert asked == [("full", "bfloat16", "r")]


def test_to_search_by_it_loads_no_pytorch(home: Path, n_distilled: list[str]) -> None:
    revision = quick_encoder(DEFAULT_MODEL).info.revision
    script = f"""
import sys
from exemplar.data.encoders.quick import quick_encoder
encoder = quick_encoder({DEFAULT_MODEL!r})
assert encoder.info.revision == {revision!r}
encoder.encode_query("a cat")
encoder.encode_documents(["a cat", "a dog"])
assert not {{"torch", "transformers", "sentence_transformers", "datasets"}} & sys.modules.keys(), sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", script], check=True)
