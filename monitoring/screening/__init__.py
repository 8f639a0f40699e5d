"""数据审核: a person's look at readings."""
