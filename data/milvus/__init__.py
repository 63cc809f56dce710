"""A corpus in a Milvus collection: pushed there, and read from there in place of a folder."""
