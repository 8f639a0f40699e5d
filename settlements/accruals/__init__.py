"""月核算: what each term yields for each period, and what corrections propose in its place."""
