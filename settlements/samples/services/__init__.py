"""Recording and correcting samples, and what either would change."""
