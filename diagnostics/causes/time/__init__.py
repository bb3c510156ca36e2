"""Requests that take too long, on one side or the other."""
