"""Preparing and signing off notices, confirming months, reminding."""
