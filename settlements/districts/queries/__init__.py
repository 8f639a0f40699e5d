"""Districts side by side, and one of them."""
