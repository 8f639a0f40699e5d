"""断面 `/sections/`."""
