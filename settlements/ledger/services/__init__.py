"""Posting, paying, reversing, reconciling: one function a use case."""
