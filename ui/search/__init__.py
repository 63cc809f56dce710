"""The search page: the query, the rankings side by side, and the marks."""
