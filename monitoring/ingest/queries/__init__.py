"""Imports as pages show them: batches, uploads on their way, senders."""
