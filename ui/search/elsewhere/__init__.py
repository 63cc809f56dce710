"""Save this tab's search as a file, and use it, or a saved one, on another corpus."""
