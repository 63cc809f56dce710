"""Exports: the rows of a corpus as they came, with marks, ranks and scores, as files for other programs."""
