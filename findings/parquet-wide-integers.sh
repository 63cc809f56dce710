#!/usr/bin/env bash
# Polars 2.1.0 writes a column of 128-bit integers into Parquet with its own logical type. PyArrow 26.0.1 then refuses
# to open the file at all, also to read another column alone, although Parquet itself describes each column by itself.
#
# Output seen:
#   polars 2.1.0 pyarrow 26.0.1
#   polars reads ['a', 'b']
#   pyarrow: ArrowNotImplementedError
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet polars==2.1.0 pyarrow==26.0.1
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import sys

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

frame = pl.DataFrame({"text": ["a", "b"], "big": pl.Series([2**100, None], dtype=pl.Int128)})
frame.write_parquet("wide.parquet")
print("polars", pl.__version__, "pyarrow", pa.__version__)
print("polars reads", pl.read_parquet("wide.parquet", columns=["text"])["text"].to_list())
try:
    pq.read_table("wide.parquet", columns=["text"])
except pa.ArrowNotImplementedError as error:
    print("pyarrow:", type(error).__name__)
else:
    sys.exit("pyarrow reads the column text")
PYTHON
