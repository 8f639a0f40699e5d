"""Accounts, journal, arrears and entries as pages show them."""
