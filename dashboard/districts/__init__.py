"""区县 `/districts/`."""
