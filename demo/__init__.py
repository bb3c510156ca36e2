"""A simulated AWS and what stands on it: for the tests and for `alb502 demo`."""
