"""Vectors in, rankings out: index, rankers, feedback, sessions."""
