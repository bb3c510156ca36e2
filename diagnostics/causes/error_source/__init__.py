"""Who generated the error: a rule, the target, or the load balancer itself."""
