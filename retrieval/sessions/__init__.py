"""Sessions: what a person searched and marked, saved event by event, recovered, exported and imported."""
