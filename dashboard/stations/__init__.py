"""自动站: the gateway and its stations, each of them, and the letters that wait for a decision."""
