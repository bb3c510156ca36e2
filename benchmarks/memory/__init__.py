"""Resident memory of a worker, idle and after many diagnoses."""
