"""The process that reads one workbook: `python -m written.sheets` (see written/workbooks.py)."""
