"""The index protocol and its implementations: top-k and full scans of a linear score over the passage vectors."""
