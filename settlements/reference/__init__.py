"""基础资料 as a whole: every kind by its code, and the opening balances among them."""
