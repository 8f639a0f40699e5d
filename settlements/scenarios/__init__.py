"""推演: what other terms would have paid, apart from the books."""
