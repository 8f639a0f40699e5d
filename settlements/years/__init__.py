"""年清缴: the settlement of a year, its closing, and what adjusts it."""
