"""What pages show of stations: how they are, what they sent, what could not be taken."""
