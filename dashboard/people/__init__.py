"""人员: people, their roles, and the acts that two administrators do with them."""
