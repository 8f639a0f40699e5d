"""The named checks of the books: settlements.checks.registry lists them in order."""
