"""Agreements and drafts as their pages show them."""
