"""基础资料: kinds of what a city must have before a month can be reckoned, each in one table.

A kind says its columns once; the template, the import, the export and the form of its page are
made from them. All changes go one way: rows → entries → plan → stored, with their history in words.
"""
