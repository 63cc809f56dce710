"""Save a session's search as a file, and rank a corpus or a new file by it."""
