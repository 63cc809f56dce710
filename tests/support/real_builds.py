"""Corpora by the real model, which a process of tests loads once."""

import functools
from pathlib import Path

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.encoders.sentence_transformer import SentenceEncoder, load_encoder
from tests.support.reading import read


@functools.cache
def real_encoder(backend: str = "torch") -> SentenceEncoder:
    """Return the default model; OpenVINO embeds many long texts in less time, and its vectors are the same."""
    return load_encoder(precision="float32", backend=backend)


def build_in_home(home: str, path: Path, name: str | None = None) -> Corpus:
    """Build a file as a corpus in a home folder, as ``exemplar build`` does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXEMPLAR_HOME", home)
        return build_corpus(read(str(path)), real_encoder(), name=name)
