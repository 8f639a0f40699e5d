"""What stands round every page: who is here, sign-in, the access log, limits, the frame's words."""
