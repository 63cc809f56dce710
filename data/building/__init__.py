"""Builds a corpus: writes a source's documents to disk, cuts them into passages and embeds these.

A build resumes after an interruption at any moment.
"""
