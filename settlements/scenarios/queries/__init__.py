"""Scenarios beside what happened."""
