"""区县: what each gets and owes, and why."""
