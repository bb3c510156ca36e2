"""The way from load balancer to target: security groups, network ACLs, zones."""
