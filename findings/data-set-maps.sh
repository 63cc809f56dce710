#!/usr/bin/env bash
# datasets 5.2.0 loads no Parquet file that has a column of maps, even if another column alone is asked for by the
# option "columns" of its Parquet builder. pyarrow 26.0.1, with which it reads, wrote the file and reads that column.
#
# Output seen:
#   datasets 5.2.0 pyarrow 26.0.1
#   pyarrow reads ['a', 'b']
#   all columns: Arrow type map<string, int64 ('counts')> does not have a datasets dtype equivalent.
#   columns=['text']: Arrow type map<string, int64 ('counts')> does not have a datasets dtype equivalent.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet datasets==5.2.0 pyarrow==26.0.1
cd "$work"
HF_HUB_OFFLINE=1 HF_HOME="$work/cache" "$work/venv/bin/python" - <<'PYTHON'
import sys

import datasets
import pyarrow as pa
import pyarrow.parquet as pq

counts = pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64()))
pq.write_table(pa.table({"text": ["a", "b"], "counts": counts}), "rows.parquet")
print("datasets", datasets.__version__, "pyarrow", pa.__version__)
print("pyarrow reads", pq.read_table("rows.parquet", columns=["text"])["text"].to_pylist())
for name, options in {"all columns": {}, "columns=['text']": {"columns": ["text"]}}.items():
    try:
        datasets.load_dataset("parquet", data_files="rows.parquet", split="train", **options)
    except Exception as error:
        while error.__cause__ is not None:
            error = error.__cause__
        print(f"{name}: {error}")
        if "does not have a datasets dtype equivalent" not in str(error):
            sys.exit("another error")
    else:
        sys.exit(f"datasets loads {name}")
PYTHON
