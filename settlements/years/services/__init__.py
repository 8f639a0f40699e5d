"""Signing, confirming and closing a year; approving adjustments."""
