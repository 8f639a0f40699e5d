"""资金与措施: what the money received went to, and measures other than money."""
