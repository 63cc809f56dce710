"""The page in the browser: widgets, state and drawing; app.py puts the pages together."""
