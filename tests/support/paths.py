"""Where the repository lies, and the real data sets beside it."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
DATASETS = ROOT.parent / "shared" / "datasets"
