"""Logs and metrics of the running bot."""
