"""From the rows of a file to stored readings."""
