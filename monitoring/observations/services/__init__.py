"""Recording figures, one by one or from a file."""
