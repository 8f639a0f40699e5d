"""Verdicts on readings."""
