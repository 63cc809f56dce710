#!/usr/bin/env bash
# asreview 3.0.8: "asreview simulate" leaves its option --n-query aside if --ai names a model, and says nothing. The option
# is how many records are labelled between two trainings; with --ai a model is trained after each record, whatever the
# number is.
#
# Output seen:
#   --n-query 1: trained on 2, 3, 4, 5, 6, ... records
#   --n-query 10: trained on 2, 3, 4, 5, 6, ... records
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet asreview==3.0.8
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import csv

with open("papers.csv", "w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["title", "abstract", "included"])
    for n in range(60):
        relevant = n % 6 == 0
        rows.writerow([f"record {n}", "purring felines" if relevant else f"barking hounds {n % 13}", int(relevant)])
PYTHON
for n in 1 10; do
    "$work/venv/bin/asreview" simulate papers.csv --ai elas_u4 --n-query "$n" --n-prior-included 1 \
        --n-prior-excluded 1 --prior-seed 1 --seed 1 --output "$n.asreview" > "$n.log" 2>&1
    if grep -qi "n.query" "$n.log"; then
        echo "it says something of the option now"
        exit 1
    fi
done
"$work/venv/bin/python" - <<'PYTHON'
import sqlite3
import sys
import zipfile

sizes = {}
for n in (1, 10):
    with zipfile.ZipFile(f"{n}.asreview") as project:
        project.extract("results.db", str(n))
    found = sqlite3.connect(f"{n}/results.db").execute("select training_set from results where training_set is not null")
    sizes[n] = sorted({int(size) for (size,) in found if int(size) > 1})
    print(f"--n-query {n}: trained on {', '.join(map(str, sizes[n][:5]))}, ... records")
sys.exit(not (sizes[1] == sizes[10] and sizes[1][:3] == [2, 3, 4]))
PYTHON
