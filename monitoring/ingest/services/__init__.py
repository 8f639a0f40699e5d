"""Storing readings, finding their sections, imports as jobs."""
