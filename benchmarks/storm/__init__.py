"""A storm of alarms, with a worker that dies in the middle of it."""
