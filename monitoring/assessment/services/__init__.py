"""From readings to means and class."""
