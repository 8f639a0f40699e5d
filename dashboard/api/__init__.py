"""What programs read: JSON under /api/, versioned in the address and in the document."""
