"""指标值: figures that no reading gives."""
