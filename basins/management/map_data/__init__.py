"""How the committed map files are made: shapes, courses, sections, and their source notes."""
