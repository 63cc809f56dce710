"""A search as a file of its own: what it asked, what was marked, and the weights that were learned from it."""
