"""年度结算 `/settlements/`: years, months and the closing."""
