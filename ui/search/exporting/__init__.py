"""Files to take away: the rows of a corpus with their marks, ranks and scores, and what a review reports."""
