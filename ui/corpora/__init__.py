"""The page Corpora: the list of corpora, the form that builds one, and the builds in the background."""
