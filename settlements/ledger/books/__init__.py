"""账簿核验: whether every promise of the ledger holds, counted again from the rows."""
