"""Everything about data: sources and their readers, encoders, corpora on disk, builds, and Milvus."""

import os

# Exemplar sends no usage data. The libraries of Hugging Face read these when they are imported.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_UPDATE_DOWNLOAD_COUNTS", "0")
os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")  # it would ask a service to convert pickled weights

# On a CPU, torch caches compiled kernels for this many input shapes; 1,000 shapes would take a gigabyte.
os.environ.setdefault("LRU_CACHE_CAPACITY", "64")
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
