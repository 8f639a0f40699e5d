"""调整 `/adjustments/`, and stopped runs."""
