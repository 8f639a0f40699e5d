"""Entering an agreement in steps: the steps' forms."""
