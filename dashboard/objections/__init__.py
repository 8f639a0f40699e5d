"""异议 `/objections/`, joint samples and the review of data."""
