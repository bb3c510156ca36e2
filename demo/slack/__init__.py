"""A workspace that looks to the bot like Slack: the same Web API, limits, signatures and payloads, on loopback."""
