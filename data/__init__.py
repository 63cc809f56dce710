"""Documents in, vectors out: sources, encoder, and the corpus on disk."""

import os

# Nothing here reports home; set before any Hugging Face library is imported.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
