"""From a draft to an agreement's terms: one function a use case."""
