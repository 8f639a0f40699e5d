"""措施 `/measures/`."""
