"""How fast access logs are answered from, beside the ways that people use without a bot."""
