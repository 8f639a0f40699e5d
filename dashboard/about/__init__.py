"""关于这些数据 `/about/`, and `/patterns/`."""
