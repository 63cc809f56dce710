"""Documents in, vectors out: sources, encoder, and the corpus on disk."""

import os

# Nothing here reports home; set before any Hugging Face library is imported.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_UPDATE_DOWNLOAD_COUNTS", "0")
os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")  # a service would be asked to convert a pickle

# Torch on a processor keeps what it has made ready for texts of so many shapes; of a thousand it takes a gigabyte.
os.environ.setdefault("LRU_CACHE_CAPACITY", "64")
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
