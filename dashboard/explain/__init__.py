"""计算依据 `/accruals/`."""
