"""Registering stations, taking in their frames, deciding dead letters."""
