"""Calls that look for something in one place: one file per AWS service; what is not there is simply not found."""
