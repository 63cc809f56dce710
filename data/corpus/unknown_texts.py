"""The documents in whose text the model knows no token: all of them have the same vector, and only words find them."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from exemplar.data.arrow import document_at, read_documents
from exemplar.data.corpus.shards import DOCUMENTS, ShardStore
from exemplar.data.documents import Problem
from exemplar.data.encoders.base import unknown_vector

UNKNOWN = "the model knows nothing in its text, so that only filters find it"

_CHUNK = 2**16  # vectors


def unknown_texts(store: ShardStore) -> Iterator[Problem]:
    """Yield a problem for every document of a complete build in none of whose passages the model knows a token."""
    passages, vectors = store.arrays(store.n_passages)
    rows, is_unknown = passages[:, 0], _are_unknown(vectors)
    candidates = np.unique(rows[is_unknown])
    if not candidates.size:
        return
    documents = read_documents(store.folder / DOCUMENTS)
    for row in candidates.tolist():
        first, end = np.searchsorted(rows, [row, row + 1])
        if is_unknown[first:end].all():
            document = document_at(documents, row)
            yield Problem(
                f"document '{document.doc_id}'", UNKNOWN, left_out=False, file=document.file, line=document.line
            )


def _are_unknown(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    expected = unknown_vector(vectors.shape[1])
    chunks = (vectors[start : start + _CHUNK] for start in range(0, len(vectors), _CHUNK))
    return np.concatenate([(chunk == expected).all(axis=1) for chunk in chunks])
