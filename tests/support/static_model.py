"""A folder with static embeddings, as model2vec writes them: a vector for every word, a tokenizer with a limit."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

LIMIT = 512  # tokens, after which model2vec's tokenizers cut a text


def write_static_model(folder: Path, words: Sequence[str], limit: int | None = LIMIT) -> str:
    """Write a model whose vocabulary is ``words``, and return its folder; the first word is the token of unknown words.

    Its tokenizer drops control characters and blanks of no width, as BERT's does.
    """
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import Whitespace

    tokenizer = Tokenizer(WordLevel({word: n for n, word in enumerate(words)}, unk_token=words[0]))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = Whitespace()
    if limit:
        tokenizer.enable_truncation(limit)
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    vectors = np.random.default_rng(0).normal(size=(len(words), 32)).astype(np.float32)
    save_file({"embeddings": vectors}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"normalize": True}))
    kinds = [("0", ".", "StaticEmbedding"), ("1", "1_Normalize", "Normalize")]
    modules = [
        {"idx": n, "name": name, "path": path, "type": f"sentence_transformers.models.{kind}"}
        for n, (name, path, kind) in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    return str(folder)
