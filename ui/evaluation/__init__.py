"""The page Evaluate: the form, the evaluation in the background, and the saved results."""
