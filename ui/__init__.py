"""What app.py draws with: one file a page or part."""
