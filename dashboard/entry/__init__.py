"""Entering an agreement in steps: what people type, read tolerantly, and the steps' forms."""
