"""Writing accruals, proposals and the nets of years."""
