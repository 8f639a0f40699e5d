"""Why an amount is what it is, and what a month's money comes to."""
