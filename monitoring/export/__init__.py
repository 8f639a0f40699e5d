"""From stored readings to files in the layouts that are imported."""
