"""What the tests of Milvus put there and mark."""

from dataclasses import replace

import numpy as np

from exemplar.data.documents import Document
from exemplar.retrieval.feedback import Feedback

WORDS = ["cat", "dog", "mouse", "bird", "fish", "horse", "cow", "sheep", "goat", "pig", "hen", "duck"]
MARKS = (Feedback(), Feedback(("doc 3", "doc 40"), ("doc 11",)))


def documents() -> list[Document]:
    """400 documents of one to four passages, some equal, with labels and columns that are awkward to write down."""
    rng = np.random.default_rng(0)
    found = []
    for number in range(400):
        n_words = int(rng.integers(3, 24))
        text = " ".join(rng.choice(WORDS, n_words)).capitalize() + (".\n" if number % 3 else "")
        label = (None, "pet", 'a "quoted" \\ label', "Stall")[number % 4]
        metadata = {"year": str(1990 + number % 3), 'odd "name"': ("x", "=y\n")[number % 2]} if number % 5 else {}
        found.append(Document(f"doc {number}", text, () if label is None else (label,), metadata))
    found[7] = replace(found[7], text=found[3].text)
    return found
