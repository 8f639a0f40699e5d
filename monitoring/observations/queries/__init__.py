"""Figures as their pages show them."""
