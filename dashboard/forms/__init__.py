"""What people type, read tolerantly, checked (核对) and said back."""
