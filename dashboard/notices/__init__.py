"""月通报 `/notices/`."""
