"""The demonstration city: its content as data, and the builder that stores it.

What is sourced says so in its own source text; everything else is demonstration (confidence
C, is_demo names). Reproducible: the same last month gives the same readings, to the byte.
"""
