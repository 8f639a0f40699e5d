"""Reckoning: facts and parameters in, outcomes out; nothing is written here."""
