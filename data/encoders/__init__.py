"""Encoders cut texts into passages and turn these into vectors, by SentenceTransformer models."""
