"""按某日所知: months, years and accounts as they stood at a past moment."""
