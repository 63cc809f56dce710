"""The page Search: the query, the rankings side by side, and the marks."""
