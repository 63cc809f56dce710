"""Copies a corpus into a collection of Milvus, and reads the corpus from the collection."""
