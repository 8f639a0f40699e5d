"""Changes to where and who: one function a use case, one transaction each."""
