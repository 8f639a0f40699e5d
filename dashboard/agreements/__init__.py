"""协议 `/agreements/`: list, one agreement, and its entry in steps."""
