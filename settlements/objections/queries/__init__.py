"""Objections and rulings as their pages show them."""
