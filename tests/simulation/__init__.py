"""Living through scheme-years on the real services and database (docs/correctness.md).

Used by tests and by benchmarks; nothing in here knows pytest.
"""
