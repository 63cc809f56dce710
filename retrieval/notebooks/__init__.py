"""Searching a table of Python's own, such as a data frame: the engine without files, a page or a server."""
