"""Where documents come from: files, folders, archives, object storage, Hugging Face data sets, installed packages.

A source is named by a SourceSpec; ``read_source`` finds it, and its documents are read one at a time.
"""
