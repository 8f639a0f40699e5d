"""指标值 `/data/observations/`."""
