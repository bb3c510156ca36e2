"""Start-up times."""
