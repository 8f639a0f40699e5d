"""Lists as people file them: CSV and XLSX."""
