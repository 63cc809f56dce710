"""Sources of documents: files, folders, zips, object storage, Hugging Face data sets, installed packages.

A SourceSpec names a source, ``read_source`` opens it, and ``Source.read`` yields its documents one at a time.
"""
