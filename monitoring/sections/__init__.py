"""断面: sections and rivers as pages show them."""
