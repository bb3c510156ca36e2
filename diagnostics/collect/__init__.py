"""Reads everything about one subject into a snapshot. `runner.collect` is the entrance."""
