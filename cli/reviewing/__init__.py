"""The commands on saved sessions: exports, what is left to read, readers compared and joined, counts of a review."""
