"""Diagnoses per minute and core."""
