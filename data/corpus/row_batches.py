"""The rows of a corpus's source in batches of Arrow, for work on all of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from exemplar.data.corpus.manifest import Manifest, corpus_folder
from exemplar.data.corpus.source_rows import ROWS
from exemplar.data.errors import CorpusDamaged, ExemplarError
from exemplar.data.home import check_regular
from exemplar.data.text import one_line

_BATCH = 4096  # rows


class RowBatches:
    """The file of a corpus's rows, for a corpus that has one.

    Attributes
    ----------
    documents
        ``(n_rows,) int64``: the row of each one's document in the corpus; -1 for a row that was left out.
    n_bytes
        About the size of all rows in memory.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        with self._opened() as file:
            column = pc.fill_null(file.read(["document"])["document"], -1)
            self.documents: NDArray[np.int64] = column.to_numpy().astype(np.int64)
            groups = (file.metadata.row_group(number) for number in range(file.metadata.num_row_groups))
            self.n_bytes = sum(group.total_byte_size for group in groups)
        if self.documents.size and self.documents.max() >= manifest.n_documents:
            raise self._damaged("a row of a document that the corpus does not have")

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Yield the rows in their order as record batches with some columns of ``SourceRow``; cells are JSON."""
        with self._opened() as file:
            yield from file.iter_batches(_BATCH, columns=list(columns))

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        path: Path = corpus_folder(self._manifest.name) / self._manifest.build / ROWS
        try:
            check_regular(path)
            with pq.ParquetFile(path, pre_buffer=False) as file:
                yield file
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            if isinstance(error, ExemplarError):
                raise
            raise self._damaged(one_line(error)) from error

    def _damaged(self, why: str) -> CorpusDamaged:
        return CorpusDamaged(f"the rows of the corpus '{self._manifest.name}' can't be read: {why}; build it again")
