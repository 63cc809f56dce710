"""The evaluation page: the form, the run in the background, and the saved results."""
