"""Connections to the target: ports and listeners."""
