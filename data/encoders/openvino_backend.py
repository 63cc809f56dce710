"""The forward pass of a SentenceTransformer by OpenVINO, which is faster on x86 processors."""

import importlib.util
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

from exemplar.data.encoders.hardware import n_processors
from exemplar.data.errors import ExemplarError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_TRIALS = (["one short text"], ["a few more words, to be padded", "two", "texts of other lengths " * 20])
_LEAST_COSINE = {"float32": 0.9999, "bfloat16": 0.99}  # a lower one means that the conversion changed the model


def has_openvino() -> bool:
    """Return whether the extra is installed."""
    return importlib.util.find_spec("openvino") is not None


def run_by_openvino(transformer: "SentenceTransformer", precision: str) -> None:
    """Replace the network of the first module by its OpenVINO version; tokenising and pooling stay as they are.

    Parameters
    ----------
    transformer
        A model on the processor, in float32.
    precision
        ``float32`` or ``bfloat16``, in which OpenVINO computes.

    Raises
    ------
    ExemplarError
        OpenVINO is not installed or can't run this model.
    """
    if not has_openvino():
        raise ExemplarError("the backend openvino is not installed: pip install 'exemplar[openvino]'")
    if not hasattr(transformer[0], "auto_model"):
        raise ExemplarError("OpenVINO can't run this model (it is no network of transformers); use the backend torch")
    import torch

    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns of faults that the comparison below would detect
        expected = [_embed(transformer, texts) for texts in _TRIALS]
        try:
            transformer[0].forward = _forward(transformer, precision)
            least = min(
                float(torch.nn.functional.cosine_similarity(_embed(transformer, texts), rows).min())
                for texts, rows in zip(_TRIALS, expected, strict=True)
            )
        except Exception as error:
            raise ExemplarError(f"OpenVINO can't run this model ({error}); use the backend torch") from error
    if not least >= _LEAST_COSINE[precision]:
        raise ExemplarError(
            f"OpenVINO computes other vectors for this model (cosine {least:.4f}); use the backend torch"
        )


def _embed(transformer: "SentenceTransformer", texts: list[str]) -> Any:
    return transformer(transformer.preprocess(texts))["sentence_embedding"]


def _forward(transformer: "SentenceTransformer", precision: str) -> Any:
    """Return a forward pass for the first module that is compiled for this processor."""
    import torch

    example = transformer.preprocess(_TRIALS[1])
    names = [name for name in _INPUTS if name in example]
    compiled = _compiled(transformer[0].auto_model, {name: example[name] for name in names}, precision)
    threads = threading.local()  # an infer request serves one thread at a time

    def forward(features: dict[str, Any], **_: Any) -> dict[str, Any]:
        if not hasattr(threads, "request"):
            threads.request = compiled.create_infer_request()
        states = threads.request.infer([features[name].numpy() for name in names])[0]
        features["token_embeddings"] = torch.from_numpy(states.copy())
        return features

    return forward


def _compiled(network: Any, example: dict[str, Any], precision: str) -> Any:
    """Return a network compiled by OpenVINO, which takes the inputs of the example in its order."""
    import torch

    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # conversion would send telemetry
    import openvino

    class States(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            states: torch.Tensor = self.network(**dict(zip(example, inputs, strict=True))).last_hidden_state
            return states

    converted = openvino.convert_model(States().eval(), example_input=tuple(example.values()))
    hint = {"float32": "f32", "bfloat16": "bf16"}[precision]
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": hint,
        "INFERENCE_NUM_THREADS": n_processors(),
    }
    return openvino.compile_model(converted, "CPU", settings)
