"""What prints the README's numbers."""
