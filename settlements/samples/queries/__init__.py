"""Samples as their pages show them."""
