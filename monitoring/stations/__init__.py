"""Stations that send by themselves: who may, what they sent, what nobody could take."""
