"""Changes to who owes whom: one function a use case, one transaction each."""
