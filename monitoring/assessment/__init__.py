"""评价: means and class of a section's month."""
