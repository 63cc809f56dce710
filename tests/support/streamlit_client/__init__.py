"""Streamlit's protocol and a real browser as clients of the app, for tests and benchmarks."""
