"""A year of an agreement as its pages show it."""
