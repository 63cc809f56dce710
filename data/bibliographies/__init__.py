"""Readers of bibliographies: records of papers, which become the same columns whatever their format calls them."""
