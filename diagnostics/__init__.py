"""Facts in, truth out: reads a service's path through AWS and says what broke. Knows neither Slack nor Redis."""
