"""One reader per file format: it turns bytes into rows or into a document.

Readers do not know folders, sources or the roles of columns; ``data.sources`` knows these and calls the readers.
"""
