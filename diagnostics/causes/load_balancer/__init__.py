"""What the load balancer itself refuses, and what befalls one of its zones."""
