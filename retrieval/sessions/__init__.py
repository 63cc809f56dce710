"""Sessions: the queries, marks and settings of a person, saved as events, and exported and imported.

``store`` keeps the events, ``session`` derives the session from them, and ``recovery`` handles a damaged file.
"""
