"""What changes reference data and tells of it."""
