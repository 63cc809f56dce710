"""A corpus on disk: documents, passages, vectors and the manifest that names them.

Everything here reads or writes ``<home>/corpora/<name>``; ``data.building`` fills it.
"""
