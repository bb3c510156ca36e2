"""The simulated account: load balancers, ECS and traffic that follow from the configuration found in the emulator."""
