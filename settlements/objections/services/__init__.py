"""Raising, answering and deciding objections; ruling on months."""
