"""What remains when no cause explains what was observed."""
