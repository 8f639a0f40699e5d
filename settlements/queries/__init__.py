"""Questions about who owes whom; the viewer first, the answer plain."""
