"""Builds: a source's documents to disk, then into passages and vectors, resumable at any moment."""
