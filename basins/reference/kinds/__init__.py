"""The kinds of this app: where and who, and the calendar."""
