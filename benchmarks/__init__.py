"""Measurements, each a table with ratios from one run: `./run bench NAME`."""
