"""All load-balanced services at once: what many diagnoses ask is asked together."""
