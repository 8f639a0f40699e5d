"""What the water of a month was, and what was known of it when."""
