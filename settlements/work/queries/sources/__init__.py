"""What waits for somebody, a module a subject; `listed` has them in the order of the page."""
