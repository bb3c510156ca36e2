"""Two workers against one."""
