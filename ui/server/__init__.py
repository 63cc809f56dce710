"""The app's server: where it listens, which requests it admits, and in which order clicks are served."""
