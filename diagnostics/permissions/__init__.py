"""What the roles that read are permitted, found out by asking: one small read for each action, and nothing else."""
