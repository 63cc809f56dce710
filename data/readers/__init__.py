"""One reader for each file format: bytes in, rows or a document out.

A reader knows nothing of folders, names or columns; those belong to ``data.sources``, which calls it.
"""
