"""Search, marks and sessions over HTTP as JSON, for programs; ``operations.py`` lists what can be asked."""
