"""Slack in, Slack out: parsing what people and alarms say, and drawing what they read."""
