"""我的工作: what waits for a person, and the trail of what was done."""
