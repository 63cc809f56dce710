"""The app's server: the address it listens on, the requests it admits, and the order of clicks."""
