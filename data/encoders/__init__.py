"""Text in, vectors out: the Encoder protocol and the SentenceTransformer behind it."""
