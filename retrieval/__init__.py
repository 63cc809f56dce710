"""Vectors in, rankings out.

``SearchEngine`` in ``search`` ranks documents for a query and marks; ``rankers`` and ``svm`` make its scorers, and
``index`` answers them. ``sessions`` keeps queries and marks, ``evaluation`` measures the rankers.
"""
