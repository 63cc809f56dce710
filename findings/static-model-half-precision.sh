#!/usr/bin/env bash
# sentence-transformers 6.2.0 gives NaN for a text without any token by a static model with float16 weights that
# normalizes: the smallest divisor of the module Normalize is zero in float16. With float32 weights the text gets zeros.
# Of a batch only the rows of such texts are NaN, and nothing warns of them.
#
# Output seen:
#   sentence-transformers 6.2.0 torch 2.13.0+cpu
#   float32: word [0.6, 0.8] empty [0.0, 0.0]
#   float16: word [0.6, 0.8] empty [nan, nan]
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 sentence-transformers==6.2.0
cd "$work"
HF_HUB_OFFLINE=1 "$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Normalize, StaticEmbedding
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

print("sentence-transformers", version("sentence-transformers"), "torch", torch.__version__)
tokenizer = Tokenizer(WordLevel({"[UNK]": 0, "word": 1}, unk_token="[UNK]"))
tokenizer.pre_tokenizer = Whitespace()
seen = {}
for precision in ("float32", "float16"):
    model = SentenceTransformer(
        modules=[StaticEmbedding(tokenizer, embedding_weights=np.array([[1, 0], [3, 4]], precision)), Normalize()],
        device="cpu",
    )
    word, empty = model.encode(["word", ""])
    seen[precision] = bool(np.isnan(empty).any())
    print(f"{precision}: word {word.astype(float).round(2).tolist()} empty {empty.astype(float).tolist()}")
if seen != {"float32": False, "float16": True}:
    sys.exit("the behaviour has changed")
PYTHON
