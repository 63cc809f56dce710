#!/usr/bin/env bash
# Arrow's format says that a file is the stream between two marks, so that a file can be read from its beginning to its
# end, as from a pipe, from its ninth byte on. Polars 2.1.0 writes a first message of four bytes instead of the schema:
# PyArrow 26.0.1 reads such a file by its footer alone, and not as a stream; its own files it reads both ways. A reader of
# packed Arrow files has to unpack those of Polars as a whole.
#
# Output seen:
#   polars 2.1.0 pyarrow 26.0.1
#   written by pyarrow: as a file ['a', 'b'], as a stream ['a', 'b']
#   written by polars: as a file ['a', 'b'], as a stream OSError: Invalid flatbuffers message.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet polars==2.1.0 pyarrow==26.0.1
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import io
import sys

import polars as pl
import pyarrow as pa

print("polars", pl.__version__, "pyarrow", pa.__version__)
frame = pl.DataFrame({"text": ["a", "b"]})
by_pyarrow, by_polars = io.BytesIO(), io.BytesIO()
table = pa.table({"text": ["a", "b"]})
with pa.ipc.new_file(by_pyarrow, table.schema) as writer:
    writer.write_table(table)
frame.write_ipc(by_polars)


def as_stream(content):
    try:
        return pa.ipc.open_stream(io.BytesIO(content[8:])).read_all()["text"].to_pylist()
    except OSError as error:
        return f"{type(error).__name__}: {error}"


streams = {}
for name, file in (("pyarrow", by_pyarrow), ("polars", by_polars)):
    content = file.getvalue()
    rows = pa.ipc.open_file(io.BytesIO(content)).read_all()["text"].to_pylist()
    streams[name] = as_stream(content)
    print(f"written by {name}: as a file {rows}, as a stream {streams[name]}")
if streams["pyarrow"] != ["a", "b"] or not str(streams["polars"]).startswith("OSError"):
    sys.exit("both can be read as streams")
PYTHON
