"""基础资料: the tables a city fills in, each thing with a page of its own."""
