"""Funds and measures as their pages show them."""
