"""Allotting, spending, taking and lifting measures."""
