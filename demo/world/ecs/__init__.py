"""Amazon ECS, simulated in full: the store, the scheduler and the API."""
