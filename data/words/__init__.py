"""The words index: the terms of every document, title and text whole, with their BM25 weights.

``analysis`` turns a text into terms, ``indexing`` writes the index of a build's documents, ``index`` reads it.
"""
