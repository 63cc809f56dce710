"""Readers of what people write: pages, letters, papers and books; each yields plain text."""
