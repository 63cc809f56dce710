"""The device that a model runs on, whether it computes bfloat16 faster than float32, and the number of processors."""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def n_processors() -> int:
    """Return the number of processors that this process may use: its affinity, and a container's quota, count."""
    import joblib

    return int(joblib.cpu_count())


def default_device() -> str:
    """Return ``cuda``, ``mps`` or ``cpu``: the fastest device of this machine."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def has_fast_bfloat16(device: str) -> bool:
    """Return whether a device multiplies bfloat16 natively; a processor must also be faster at it in a measurement."""
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities() if device == "cpu" else {}
    if not (capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")):
        return False
    return 1.5 * _product_seconds(torch.bfloat16) < _product_seconds(torch.float32)


def _product_seconds(dtype: "torch.dtype") -> float:
    """Return the least time of a matrix product with the shape of those in small models."""
    import torch

    rows, weights = torch.ones(1024, 384, dtype=dtype), torch.ones(1536, 384, dtype=dtype)
    times = []
    with torch.inference_mode():
        for _ in range(10):
            start = time.perf_counter()
            torch.nn.functional.linear(rows, weights)
            times.append(time.perf_counter() - start)
    return min(times)
