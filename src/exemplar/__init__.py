"""Exemplar: semantic search over any pile of text that learns from the rows you click.

The rooms of the package, ``data``, ``retrieval``, ``ui`` and ``cli``, lie at the top of the repository. Beside this
file are links to them; a wheel holds the folders themselves.
"""
