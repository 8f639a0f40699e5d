"""Changing and running scenarios."""
