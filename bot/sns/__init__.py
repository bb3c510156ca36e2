"""What arrives from Amazon SNS over HTTP: verified, then taken in."""
