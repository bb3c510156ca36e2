"""What applications, their servers and their proxies write, recognised line by line."""
