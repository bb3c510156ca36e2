"""Everything that is kept: one Redis, all of its keys under ``alb502:``."""
