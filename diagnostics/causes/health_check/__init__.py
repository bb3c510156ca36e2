"""Health checks that fail, and what that does to traffic."""
