"""协议: drafts, activation, amendments, ends, and what an agreement says."""
