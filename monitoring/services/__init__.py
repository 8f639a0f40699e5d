"""Changes to what was measured: one function a use case, one transaction each."""
