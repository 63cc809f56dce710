"""The corpora page: the list, the form that builds one, and the builds in the background."""
