"""What the view Screen adds to the lists: how much is left, and random checks."""
