"""月通报: a month published, read, confirmed and final."""
