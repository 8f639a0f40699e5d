"""Deciding what a section is: the water it lies in."""
