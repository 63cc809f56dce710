"""The format of a file, recognised by its content, and the reader of each: it yields rows or a document.

Readers do not know folders, sources or the roles of columns; ``data.sources`` knows these and calls the readers.
"""
