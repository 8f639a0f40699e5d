"""Sections, series, rivers and shapes."""
