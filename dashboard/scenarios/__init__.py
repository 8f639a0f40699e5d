"""推演 `/simulator/`."""
