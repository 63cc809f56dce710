"""Provide the vectors of the benchmarks: real ones, embedded once and kept, and drawn ones for larger sizes."""

import contextlib
import os
import sys

import numpy as np
import platformdirs
from numpy.typing import NDArray

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus, CorpusDamaged, open_corpus
from exemplar.data.encoders.sentence_transformer import load_encoder
from exemplar.data.errors import CorpusNotFound
from tests.support.paths import DATASETS
from tests.support.reading import read

CACHE = platformdirs.user_cache_path("exemplar") / "benchmarks"
_LOCAL_IMDB = DATASETS / "imdb"
_N_COMPONENTS = 50
_CHUNK = 20_000


def corpus(name: str, source: str, split: str | None = None) -> Corpus:
    """Return a corpus from the cache; the first call embeds it with the default model."""
    os.environ["EXEMPLAR_HOME"] = str(CACHE)
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        cached = open_corpus(name)
        if cached.manifest.created:
            return cached
    sys.stderr.write(f"embedding {source} {split or ''} once; this takes some minutes\n")
    return build_corpus(read(source, split=split), load_encoder(backend="auto"), name=name, whole=True)


def imdb_train() -> NDArray[np.float32]:
    """Return the 25,000 training reviews, ``(25_000, dim) float32``, unit rows."""
    return corpus("imdb-train", imdb(), "train").vectors


def imdb_queries() -> NDArray[np.float32]:
    """Return 200 test reviews, ``(200, dim) float32``, unit rows."""
    return corpus("imdb-queries", imdb(), "test[:200]").vectors


def package_docs() -> NDArray[np.float32]:
    """Return the documentation of pandas, NumPy and scikit-learn, ``(n, dim) float32``, unit rows."""
    return corpus("docs", "docs").vectors


def drawn(n: int) -> NDArray[np.float32]:
    """Return vectors drawn from the mixture of the real ones, ``(n, dim) float32``, unit rows, memory-mapped.

    The mixture has a Gaussian for each of 50 clusters of k-means, with the mean and the covariance of its cluster. The
    covariance is shrunk towards the pooled one, since a cluster has about as many members as dimensions.
    """
    path = CACHE / f"drawn-{n}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        _draw(imdb_train(), np.lib.format.open_memmap(unfinished, "w+", np.float32, (n, imdb_train().shape[1])))
        unfinished.rename(path)
    return np.load(path, mmap_mode="r")


def _draw(real: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    from sklearn.cluster import MiniBatchKMeans

    rng = np.random.default_rng(0)
    labels = MiniBatchKMeans(_N_COMPONENTS, random_state=0, n_init=1, batch_size=4096).fit_predict(real)
    means = np.stack([real[labels == component].mean(axis=0) for component in range(_N_COMPONENTS)])
    pooled = np.cov((real - means[labels]).T)
    factors = [_factor(real[labels == component], pooled) for component in range(_N_COMPONENTS)]
    shares = np.bincount(labels, minlength=_N_COMPONENTS) / len(real)
    for start in range(0, len(out), _CHUNK):
        drawn = rng.standard_normal((min(_CHUNK, len(out) - start), real.shape[1]), dtype=np.float32)
        components = rng.choice(_N_COMPONENTS, len(drawn), p=shares)
        for component in np.unique(components):
            members = components == component
            drawn[members] = means[component] + drawn[members] @ factors[component].T
        out[start : start + len(drawn)] = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def _factor(members: NDArray[np.float32], pooled: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return a Cholesky factor of a component's shrunk covariance."""
    dim = pooled.shape[0]
    shrinkage = dim / (dim + len(members)) if len(members) > 1 else 1.0
    own = np.cov(members.T) if len(members) > 1 else pooled
    covariance = (1 - shrinkage) * own + shrinkage * pooled
    return np.linalg.cholesky(covariance + 1e-8 * np.eye(dim)).astype(np.float32)


def imdb() -> str:
    """Return the source of IMDB: a folder beside the project if it exists, else the hub."""
    return str(_LOCAL_IMDB) if _LOCAL_IMDB.is_dir() else "stanfordnlp/imdb"
