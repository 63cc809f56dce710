"""Measure the numbers of README.md and docs/, and make their tables and pictures."""
