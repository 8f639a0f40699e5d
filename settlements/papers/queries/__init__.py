"""What each paper says, from the data as they are or were known."""
