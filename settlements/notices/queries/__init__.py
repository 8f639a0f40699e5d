"""Notices and months as their pages show them."""
