"""A corpus on disk: documents, passages, vectors and the manifest that names them.

This room reads and writes ``<home>/corpora/<name>``; ``data.building`` fills the folder.
"""
