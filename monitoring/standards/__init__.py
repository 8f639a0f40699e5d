"""The state's standards as pure Python: limits, classes, rounding, assessment, index."""
