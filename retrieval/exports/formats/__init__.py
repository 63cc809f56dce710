"""The formats of exports, a module for each."""
