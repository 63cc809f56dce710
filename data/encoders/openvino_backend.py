"""OpenVINO for the forward pass of a SentenceTransformer, on processors it is faster on."""

import importlib.util
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

from exemplar.data.errors import ExemplarError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_TRIALS = (["one short text"], ["a few more words, to be padded", "two", "texts of other lengths " * 20])
_LEAST_COSINE = {"float32": 0.9999, "bfloat16": 0.99}  # below, the model was not understood


def has_openvino() -> bool:
    """Whether the extra is installed."""
    return importlib.util.find_spec("openvino") is not None


def run_by_openvino(transformer: "SentenceTransformer", precision: str) -> None:
    """Have OpenVINO compute what the first module's network computes; tokenising and pooling stay as they are.

    Parameters
    ----------
    transformer
        On the processor, in float32.
    precision
        ``float32`` or ``bfloat16``: what OpenVINO computes in.

    Raises
    ------
    ExemplarError
        OpenVINO isn't installed, or can't run this model.
    """
    if not has_openvino():
        raise ExemplarError("the backend openvino is not installed: pip install 'exemplar[openvino]'")
    import torch

    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns of what the comparison below would find
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

    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # it would report home on conversion
    import openvino

    network = transformer[0].auto_model
    example = transformer.preprocess(_TRIALS[1])
    names = [name for name in _INPUTS if name in example]

    class States(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            states: torch.Tensor = self.network(**dict(zip(names, inputs, strict=True))).last_hidden_state
            return states

    converted = openvino.convert_model(States().eval(), example_input=tuple(example[name] for name in names))
    hint = {"float32": "f32", "bfloat16": "bf16"}[precision]
    compiled = openvino.compile_model(
        converted, "CPU", {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": hint}
    )
    own = threading.local()  # a request serves one thread at a time

    def forward(features: dict[str, Any], **_: Any) -> dict[str, Any]:
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
        states = own.request.infer([features[name].numpy() for name in names])[0]
        features["token_embeddings"] = torch.from_numpy(states.copy())
        return features

    return forward
