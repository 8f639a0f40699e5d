"""第一天: from an empty installation to the first month, step by step."""
