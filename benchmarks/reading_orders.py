"""The orders in which a fast ranker reads screens to the end, for ``benchmarks.stopping``.

The ranker is that of ASReview 2 by default (ELAS u4): tf-idf of words and pairs of words, and a linear SVM on the marks
alone, in which the positives weigh 9.8 times as much. It begins with one relevant and one irrelevant record, drawn at
random, and reads ten records at a time.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_PAGE, _C, _WEIGHT = 10, 0.11, 9.8


def ranked_orders(folders: list[Path], seeds: int) -> Iterator[dict[str, object]]:
    """Yield the labels of each screen in reading order, the two records known before first, for several seeds."""
    for folder in folders:
        features, relevant = _screen(folder)
        for seed in range(seeds):
            order = _read_to_the_end(features, relevant, seed)
            labels = "".join(str(int(label)) for label in relevant[order])
            yield {"screen": folder.name, "seed": seed, "labels": labels}


def _screen(folder: Path) -> tuple[object, NDArray[np.bool_]]:
    """Return the tf-idf of a folder in BEIR's format, a row a record, and which records are relevant."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    with (folder / "corpus.jsonl").open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    with (folder / "qrels" / "test.tsv").open(encoding="utf-8", newline="") as lines:
        judged = {row["corpus-id"] for row in csv.DictReader(lines, delimiter="\t") if int(row["score"]) > 0}
    texts = [f"{record.get('title') or ''} {record['text']}" for record in records]
    features = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform(texts)
    return features.tocsr(), np.array([record["_id"] in judged for record in records])


def _read_to_the_end(features: object, relevant: NDArray[np.bool_], seed: int) -> list[int]:
    """Return the rows of all records in the order in which they are read."""
    from sklearn.svm import LinearSVC

    rng = np.random.default_rng(seed)
    order = [int(rng.choice(np.flatnonzero(relevant == label))) for label in (True, False)]
    unread = np.delete(np.arange(len(relevant)), order)
    while relevant[unread].any():
        model = LinearSVC(C=_C, class_weight={True: _WEIGHT, False: 1.0})
        model.fit(features[order], relevant[order])  # type: ignore[index]
        scores = model.decision_function(features)[unread]
        page = unread[np.argsort(-scores, kind="stable")[:_PAGE]]
        order += page.tolist()
        unread = unread[~np.isin(unread, page)]
    return [*order, *unread.tolist()]  # none of the rest is relevant
