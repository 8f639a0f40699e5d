"""断面水体: which water each section lies in, and the bureau's decision on it."""
