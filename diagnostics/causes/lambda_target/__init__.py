"""Functions as targets: what Lambda refuses, what the function does, and what it answers."""
