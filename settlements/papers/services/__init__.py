"""Issuing papers."""
