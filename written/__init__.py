"""What people write in files and fields, and what it means: cells, numbers, units, days, sheets.

Pure: no Django, no database, no clock. Every reader of files and every typed field reads by it.
"""
