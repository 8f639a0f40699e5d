"""Questions about what was measured; the viewer first, the answer plain."""
