"""Screening to the end: how much is left, several readers, and what a review reports."""
